import type {
  DeclineReason, DemandKind, DemandStatus, Identified, Money, Named, Page, Tier,
} from '../api/types';

export const UNMET = /* GraphQL */ `
  query BoardUnmetDemands($after: String) {
    portfolioGap {
      unmetDemands(first: 12, after: $after) {
        nodes {
          id number title kind status score
          valuePerMonth { amount currency }
          customer { slug name }
          outcome { slug name }
          supporterCount
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;

export const UNASKED = /* GraphQL */ `
  query BoardUnaskedServices($after: String) {
    portfolioGap {
      unaskedServices(first: 25, after: $after) {
        nodes {
          id slug name tier
          team { name }
          businessOwner { name }
          impact { valuePerHour { amount currency } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;

export const HOUSEKEEPING = /* GraphQL */ `
  query BoardHousekeeping {
    portfolioGap {
      servicesWithoutBusinessOwner(first: 10) { totalCount nodes { id slug name } pageInfo { hasNextPage endCursor } }
      outcomesWithoutService(first: 10) { totalCount nodes { id slug name customer { name } } pageInfo { hasNextPage endCursor } }
      staleOwnership(first: 10) { totalCount nodes { id slug name } pageInfo { hasNextPage endCursor } }
      watermelons(first: 10) { totalCount nodes { id slug name } pageInfo { hasNextPage endCursor } }
      missedSearches(first: 10) { query count lastAt }
      shadowItMonthlyCost { amount currency }
    }
  }
`;

export const DECLINED = /* GraphQL */ `
  query BoardDeclined {
    serviceRequests(filter: { statuses: [DECLINED] }, first: 50) {
      nodes {
        id number title
        decline { reason explanation revisitOn alternative { name service { slug name } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

export const DECLINED_DEMANDS = /* GraphQL */ `
  query BoardDeclinedDemands {
    demands(filter: { statuses: [DECLINED] }, first: 50) {
      nodes {
        id number title
        decline { reason explanation revisitOn alternative { name service { slug name } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

export interface UnmetDemand {
  id: string;
  number: string;
  title: string;
  kind: DemandKind;
  status: DemandStatus;
  score: number | null;
  valuePerMonth: Money;
  customer: Named;
  outcome: Named | null;
  supporterCount: number;
}

export interface UnaskedService extends Identified {
  tier: Tier;
  team: { name: string } | null;
  businessOwner: { name: string } | null;
  /** What is lost without it: nobody asked for it, so through others. */
  impact: { valuePerHour: Money } | null;
}

export interface Housekeeping {
  portfolioGap: {
    servicesWithoutBusinessOwner: Page<Identified>;
    outcomesWithoutService: Page<Identified & { customer: { name: string } }>;
    staleOwnership: Page<Identified>;
    watermelons: Page<Identified>;
    missedSearches: { query: string; count: number; lastAt: string }[];
    shadowItMonthlyCost: Money;
  };
}

/** A request or a demand that was declined. */
export interface DeclinedWork {
  id: string;
  number: string;
  title: string;
  decline: {
    reason: DeclineReason;
    explanation: string;
    revisitOn: string | null;
    alternative: { name: string; service: Named } | null;
  } | null;
}
