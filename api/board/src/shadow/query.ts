import type { DataClass, Money, Named, ShadowItStatus } from '../api/types';

export const SHADOW_IT = /* GraphQL */ `
  query BoardShadowIt($after: String) {
    shadowItSightings(first: 50, after: $after) {
      nodes {
        id product vendor users dataClass status risk firstSeen
        monthlyCost { amount currency }
        customer { slug name }
        demand { number title }
        service { slug name }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

/** What is in use costs, all of it. */
export const COST = /* GraphQL */ `
  query BoardShadowItCost {
    portfolioGap { shadowItMonthlyCost { amount currency } }
  }
`;

export interface CostAnswer {
  portfolioGap: { shadowItMonthlyCost: Money };
}

export interface Sighting {
  id: string;
  product: string;
  vendor: string | null;
  users: number;
  dataClass: DataClass;
  status: ShadowItStatus;
  /** 0 to 100. */
  risk: number;
  firstSeen: string;
  monthlyCost: Money;
  customer: Named;
  demand: { number: string; title: string } | null;
  service: Named | null;
}

/** Whether it is still paid for beside the catalog; what is adopted or replaced is not. */
export const isInUse = ({ status }: Sighting): boolean => status === 'SEEN' || status === 'TOLERATED';
