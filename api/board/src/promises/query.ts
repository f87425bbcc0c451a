import {
  NO_PAGE, type AgreementKind, type KeptTarget, type Named, type Page, type TargetAttainment,
} from '../api/types';

export const PROMISES = /* GraphQL */ `
  query BoardPromises($from: DateTime!, $until: DateTime!, $after: String) {
    serviceLevelAgreements(first: 50, after: $after) {
      nodes {
        id name kind
        service { slug name }
        customer { slug name }
        attainment(from: $from, until: $until) {
          total good attained errorBudgetLeft met
          target { id metric priority within objective }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

export const CUSTOMER_PROMISES = /* GraphQL */ `
  query BoardCustomerPromises($slug: String!, $from: DateTime!, $until: DateTime!, $after: String) {
    customer(slug: $slug) {
      slas(first: 50, after: $after) {
        nodes {
          id name kind
          service { slug name }
          customer { slug name }
          attainment(from: $from, until: $until) {
            total good attained errorBudgetLeft met
            target { id metric priority within objective }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`;

/** What is promised to everybody, as it was kept for one customer, and their own promises once more. */
export const KEPT_FOR_CUSTOMER = /* GraphQL */ `
  query BoardKeptForCustomer($customerId: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $customerId, from: $from, until: $until) {
      attainment {
        total good attained errorBudgetLeft met
        target { id metric priority within objective agreement { name customer { slug } } }
      }
    }
  }
`;

export interface KeptForCustomer {
  businessReview: { attainment: KeptTarget[] } | null;
}

export interface Agreement {
  id: string;
  name: string;
  kind: AgreementKind;
  service: Named;
  customer: Named | null;
  attainment: TargetAttainment[];
}

export interface PromisesAnswer {
  serviceLevelAgreements?: Page<Agreement>;
  customer?: { slas: Page<Agreement> } | null;
}

/** The agreements of either question. */
export const agreementsOf = (answer: PromisesAnswer): Page<Agreement> =>
  answer.serviceLevelAgreements ?? answer.customer?.slas ?? NO_PAGE;
