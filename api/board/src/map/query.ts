import type { BusinessImpact, Identified, Money, Named, Page, Tier } from '../api/types';

/** Services to choose from while nothing is typed. */
export const LIST = /* GraphQL */ `
  query BoardServices {
    services(orderBy: { field: NAME }, first: 12) { nodes { id slug name } }
  }
`;

/** Services by words of theirs, the best first; typing errors are forgiven. */
export const FIND = /* GraphQL */ `
  query BoardFindServices($words: String!) {
    search(query: $words, types: ["Service"], first: 12) { nodes { ... on Service { id slug name } } }
  }
`;

/** A service with its neighbours and what it is for. */
export const SERVICE = /* GraphQL */ `
  query BoardService($slug: String!) {
    service(slug: $slug) {
      id slug name description tier
      businessOwner { name }
      serviceOwner { name }
      team { name }
      dependencies(first: 25) {
        nodes { strength dependency { id slug name tier } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
      dependents(first: 25) {
        nodes { strength dependent { id slug name tier } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
      contributions {
        share
        outcome { slug name valuePerHour { amount currency } customer { slug name } }
      }
    }
  }
`;

/** What a service needs, from a cursor on. */
export const NEEDED = /* GraphQL */ `
  query BoardNeeded($slug: String!, $after: String) {
    service(slug: $slug) {
      dependencies(first: 25, after: $after) {
        nodes { strength dependency { id slug name tier } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`;

/** What needs a service, from a cursor on. */
export const DEPENDENTS = /* GraphQL */ `
  query BoardDependents($slug: String!, $after: String) {
    service(slug: $slug) {
      dependents(first: 25, after: $after) {
        nodes { strength dependent { id slug name tier } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`;

/** What is lost when it fails. */
export const IMPACT = /* GraphQL */ `
  query BoardImpact($slug: String!, $severity: Severity!) {
    service(slug: $slug) {
      impact(severity: $severity) {
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
  }
`;

/** How strongly services hold each other, for the lines between them. */
export const STRENGTHS = /* GraphQL */ `
  query BoardStrengths($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Service {
        slug
        tier
        dependencies(first: 50) { nodes { strength dependency { slug } } }
        contributions { share outcome { slug } }
      }
    }
  }
`;

export interface ListAnswer {
  services: { nodes: Identified[] };
}

export interface FindAnswer {
  search: { nodes: Identified[] };
}

export interface Neighbour extends Identified {
  tier: Tier;
}

/** A line from what a service needs. */
export interface Need {
  strength: number;
  dependency: Neighbour;
}

/** A line to what needs a service. */
export interface Dependent {
  strength: number;
  dependent: Neighbour;
}

export interface MappedService extends Neighbour {
  description: string | null;
  businessOwner: { name: string } | null;
  serviceOwner: { name: string } | null;
  team: { name: string } | null;
  dependencies: Page<Need>;
  dependents: Page<Dependent>;
  contributions: { share: number; outcome: Named & { valuePerHour: Money; customer: Named } }[];
}

export interface ServiceAnswer {
  service: MappedService | null;
}

export interface NeededAnswer {
  service: { dependencies: Page<Need> } | null;
}

export interface DependentsAnswer {
  service: { dependents: Page<Dependent> } | null;
}

export interface ImpactAnswer {
  service: { impact: BusinessImpact } | null;
}

/** One service's own lines; null where the id is nobody's any more. */
export type Lines = {
  slug: string;
  tier: Tier;
  dependencies: { nodes: { strength: number; dependency: { slug: string } }[] };
  contributions: { share: number; outcome: { slug: string } }[];
} | null;

export interface StrengthsAnswer {
  nodes: Lines[];
}
