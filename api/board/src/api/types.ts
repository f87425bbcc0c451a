// Shapes of the API that several views read. Names and nullability are the schema's.

/** An amount; `amount` is an exact decimal number. */
export interface Money {
  amount: string;
  currency: string;
}

/** What has a name and an address of its own. */
export interface Named {
  slug: string;
  name: string;
}

/** The same with the id that filters take. */
export interface Identified extends Named {
  id: string;
}

export interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

export interface Page<T> {
  nodes: T[];
  pageInfo: PageInfo;
  totalCount?: number;
}

/** A page of a list that is not there. */
export const NO_PAGE: Page<never> = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };

export const SEVERITIES = ['OUTAGE', 'DEGRADED', 'MINOR'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Priority = 'P1' | 'P2' | 'P3' | 'P4';
export type Tier = 'TIER_1' | 'TIER_2' | 'TIER_3' | 'TIER_4';
export type DemandKind = 'NEED' | 'WISH' | 'DRIVER';
export type DemandStatus = 'OPEN' | 'PLANNED' | 'MET' | 'DECLINED';
export type IncidentStatus = 'OPEN' | 'ACKNOWLEDGED' | 'RESOLVED';
export type RequestStatus =
  | 'SUBMITTED' | 'APPROVED' | 'IN_PROGRESS' | 'WAITING_ON_CUSTOMER' | 'FULFILLED' | 'DECLINED' | 'CANCELLED';
export type DeclineReason =
  | 'OUT_OF_SCOPE' | 'SECURITY' | 'COMPLIANCE' | 'COST' | 'DUPLICATE' | 'CAPACITY' | 'COVERED_BY_ALTERNATIVE';
export type Metric = 'RESPONSE_TIME' | 'RESOLUTION_TIME' | 'AVAILABILITY';
export type AgreementKind = 'SLA' | 'OLA' | 'UC';
export type DataClass = 'PUBLIC' | 'INTERNAL' | 'CONFIDENTIAL' | 'RESTRICTED';
export type ShadowItStatus = 'SEEN' | 'TOLERATED' | 'ADOPTED' | 'REPLACED';

/** What is lost of one outcome, and along which way. */
export interface OutcomeImpact {
  outcome: Named & { customer: Named };
  /** Share, in (0, 1]. */
  loss: number;
  valuePerHour: Money;
  path: Identified[];
}

export interface BusinessImpact {
  valuePerHour: Money;
  affectedServices: number;
  customers: Named[];
  outcomes: OutcomeImpact[];
}

/** How one target was kept in a period. */
export interface TargetAttainment {
  target: { id: string; metric: Metric; priority: Priority | null; within: string | null; objective: string };
  total: number;
  good: number;
  attained: string | null;
  errorBudgetLeft: number | null;
  met: boolean | null;
}

/** The same with the promise that the target is part of; null where it is none any more. Without a customer it is made to everybody. */
export type KeptTarget = TargetAttainment & { target: { agreement: { name: string; customer: { slug: string } | null } | null } };

export interface Satisfaction {
  responses: number;
  average: number | null;
  csat: number | null;
}
