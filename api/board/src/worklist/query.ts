import type {
  BusinessImpact, DemandKind, DemandStatus, Identified, IncidentStatus, Money, Named, Priority, RequestStatus, Severity,
} from '../api/types';

export const WORKLIST = /* GraphQL */ `
  query BoardWorklist($filter: WorklistFilter, $after: String, $language: Language!) {
    worklist(filter: $filter, first: 20, after: $after) {
      nodes {
        valuePerHour { amount currency }
        dueAt
        atRisk
        breached
        reasons(language: $language)
        subject {
          __typename
          ... on Incident {
            id number title severity startedAt
            incidentStatus: status
            impact {
              valuePerHour { amount currency }
              affectedServices
              customers { slug name }
              outcomes {
                loss
                valuePerHour { amount currency }
                outcome { slug name customer { slug name } }
                path { id slug name }
              }
            }
          }
          ... on ServiceRequest {
            id number title priority createdAt
            requestStatus: status
            requestCustomer: customer { slug name }
            requestService: service { id slug name }
          }
          ... on Demand {
            id number title createdAt
            demandKind: kind
            demandStatus: status
            valuePerMonth { amount currency }
            demandCustomer: customer { slug name }
            demandService: service { id slug name }
            outcome { slug name }
          }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

interface Work {
  id: string;
  number: string;
  title: string;
}

export interface Incident extends Work {
  __typename: 'Incident';
  severity: Severity;
  incidentStatus: IncidentStatus;
  startedAt: string;
  impact: BusinessImpact;
}

export interface ServiceRequest extends Work {
  __typename: 'ServiceRequest';
  priority: Priority;
  requestStatus: RequestStatus;
  createdAt: string;
  requestCustomer: Named | null;
  requestService: Identified;
}

export interface Demand extends Work {
  __typename: 'Demand';
  demandKind: DemandKind;
  demandStatus: DemandStatus;
  createdAt: string;
  valuePerMonth: Money;
  demandCustomer: Named;
  demandService: Identified | null;
  outcome: Named | null;
}

export interface WorkItem {
  subject: Incident | ServiceRequest | Demand;
  valuePerHour: Money;
  dueAt: string | null;
  atRisk: boolean;
  /** Whether a promise is broken. */
  breached: boolean;
  reasons: string[];
}
