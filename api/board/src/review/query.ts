import type { Identified, Money, Page, Satisfaction, TargetAttainment } from '../api/types';

export const REVIEW = /* GraphQL */ `
  query BoardReview($customerId: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $customerId, from: $from, until: $until) {
      customer { id slug name }
      from
      until
      attainment {
        total good attained errorBudgetLeft met
        target { id metric priority within objective }
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

/** Which promise a target is part of: the review itself has only the targets. */
export const TARGETS = /* GraphQL */ `
  query BoardTargets {
    serviceLevelAgreements(first: 100) {
      nodes { name targets { id } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

export interface ReviewAnswer {
  businessReview: BusinessReview | null;
}

export interface BusinessReview {
  customer: Identified;
  from: string;
  until: string;
  attainment: TargetAttainment[];
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

export interface TargetsAnswer {
  serviceLevelAgreements: Page<{ name: string; targets: { id: string }[] }>;
}
