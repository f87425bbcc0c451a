import type { Identified, KeptTarget, Money, Named, Satisfaction } from '../api/types';

export const REVIEW = /* GraphQL */ `
  query BoardReview($customerId: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $customerId, from: $from, until: $until) {
      customer { id slug name }
      parts { slug name }
      from
      until
      attainment {
        total good attained errorBudgetLeft met
        target { id metric priority within objective agreement { name customer { slug } } }
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

export interface BusinessReview {
  customer: Identified;
  /** The customers right below, which have reviews of their own. */
  parts: Named[];
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
