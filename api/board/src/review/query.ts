import type { Identified, Money, Satisfaction, TargetAttainment } from '../api/types';

export const REVIEW = /* GraphQL */ `
  query BoardReview($customerId: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $customerId, from: $from, until: $until) {
      customer { id slug name }
      from
      until
      attainment {
        total good attained errorBudgetLeft met
        target { id metric priority within objective agreement { name } }
      }
      requestsSubmitted
      requestsFulfilled
      requestsDeclined
      selfServed
      incidents
      lostValue { amount currency }
      demandsMet
      demandsOpen
      satisfaction { responses average csat }
    }
  }
`;

export interface ReviewAnswer {
  businessReview: BusinessReview | null;
}

/** How a target was kept, and which promise it is part of; null where the viewer may not see that. */
export type KeptTarget = TargetAttainment & { target: { agreement: { name: string } | null } };

export interface BusinessReview {
  customer: Identified;
  from: string;
  until: string;
  attainment: KeptTarget[];
  requestsSubmitted: number;
  requestsFulfilled: number;
  requestsDeclined: number;
  /** Percent. */
  selfServed: number | null;
  incidents: number;
  lostValue: Money;
  demandsMet: number;
  demandsOpen: number;
  satisfaction: Satisfaction;
}
