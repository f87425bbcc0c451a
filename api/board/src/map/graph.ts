// What is drawn: a service, what it needs, and the chains from it to the outcomes. Pure.

import type { BusinessImpact, Money, Severity } from '../api/types';
import type { Lines, MappedService } from './query';

export interface GraphNode {
  key: string;
  kind: 'service' | 'outcome';
  /** Null for outcomes, which have no map of their own. */
  slug: string | null;
  name: string;
  /** Second line: the customer of an outcome, else nothing. */
  detail: string | null;
  isChosen: boolean;
  /** Share that is lost, in (0, 1]; null where nothing is, or where it is not known. */
  loss: number | null;
  valuePerHour: Money | null;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** Share of the one at `to` that stops with the one at `from`; null where it is not known. */
  strength: number | null;
  /** Whether a dearest chain runs along it. */
  carriesLoss: boolean;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** How many direct neighbours are left to the lists. */
  notShown: number;
}

/** Neighbours beside the chains; more would hide what the picture is about. */
const NEIGHBOURS = 10;
/** Share of a service that is lost to a failure of a severity. */
const LOST: Record<Severity, number> = { OUTAGE: 1, DEGRADED: 0.5, MINOR: 0.1 };

const serviceKey = (slug: string) => `service:${slug}`;
const outcomeKey = (slug: string) => `outcome:${slug}`;

interface Question {
  service: MappedService;
  /** Null where the viewer may not see it; then its own outcomes are drawn. */
  impact: BusinessImpact | null;
  severity: Severity;
  lines: Lines[];
}

/** The picture of a service. Failure flows from left to right: what it needs, itself, what needs it, outcomes. */
export function makeGraph({ service, impact, severity, lines }: Question): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const strengths = readStrengths(service, lines);
  const addService = ({ slug, name }: { slug: string; name: string }, loss: number | null) => {
    const key = serviceKey(slug);
    const known = nodes.get(key);
    if (known) known.loss ??= loss;
    else nodes.set(key, {
      key, kind: 'service', slug, name, detail: null, isChosen: slug === service.slug, loss, valuePerHour: null,
    });
    return key;
  };
  const addEdge = (from: string, to: string, carriesLoss: boolean) => {
    const id = `${from}>${to}`;
    const known = edges.get(id);
    if (known) known.carriesLoss ||= carriesLoss;
    else edges.set(id, { from, to, strength: strengths.get(id) ?? null, carriesLoss });
  };

  // What is retired fails nobody.
  addService(service, impact && impact.affectedServices > 0 ? LOST[severity] : null);
  for (const { outcome, loss, valuePerHour, path } of impact?.outcomes ?? []) {
    let before: { key: string; lost: number | null } | null = null;
    for (const step of path) {
      const strength: number | null = before ? strengths.get(`${before.key}>${serviceKey(step.slug)}`) ?? null : 1;
      const lost: number | null = before
        ? (before.lost !== null && strength !== null ? before.lost * strength : null)
        : LOST[severity];
      const key = addService(step, lost);
      if (before) addEdge(before.key, key, true);
      before = { key, lost };
    }
    const key = outcomeKey(outcome.slug);
    nodes.set(key, {
      key, kind: 'outcome', slug: null, name: outcome.name, detail: outcome.customer.name, isChosen: false, loss, valuePerHour,
    });
    if (before) addEdge(before.key, key, true);
  }
  if (!impact) {
    for (const { outcome } of service.contributions) {
      const key = outcomeKey(outcome.slug);
      nodes.set(key, {
        key, kind: 'outcome', slug: null, name: outcome.name, detail: outcome.customer.name, isChosen: false, loss: null, valuePerHour: null,
      });
      addEdge(serviceKey(service.slug), key, false);
    }
  }

  const needed = service.dependencies.nodes.slice(0, NEIGHBOURS);
  for (const { dependency } of needed) addEdge(addService(dependency, null), serviceKey(service.slug), false);
  const others = service.dependents.nodes.filter(({ dependent }) => !nodes.has(serviceKey(dependent.slug)));
  const room = impact && impact.outcomes.length > 4 ? 4 : NEIGHBOURS;
  for (const { dependent } of others.slice(0, room)) {
    addEdge(serviceKey(service.slug), addService(dependent, null), false);
  }
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()],
    notShown: countHidden(service, nodes, [...edges.values()]),
  };
}

/** How many neighbours are not drawn. A chain may lead over one that is not on the first page of them. */
function countHidden(service: MappedService, nodes: Map<string, GraphNode>, edges: GraphEdge[]): number {
  const here = serviceKey(service.slug);
  const isService = (key: string) => nodes.get(key)?.kind === 'service';
  const needed = service.dependencies.nodes.map(({ dependency }) => serviceKey(dependency.slug));
  const dependents = service.dependents.nodes.map(({ dependent }) => serviceKey(dependent.slug));
  const drawnBefore = new Set([...needed, ...edges.filter(({ to }) => to === here).map(({ from }) => from)].filter(isService));
  const drawnAfter = new Set([...dependents, ...edges.filter(({ from }) => from === here).map(({ to }) => to)].filter(isService));
  return (service.dependencies.totalCount ?? needed.length) - drawnBefore.size
    + (service.dependents.totalCount ?? dependents.length) - drawnAfter.size;
}

function readStrengths(service: MappedService, lines: Lines[]): Map<string, number> {
  const strengths = new Map<string, number>();
  const here = serviceKey(service.slug);
  for (const { strength, dependency } of service.dependencies.nodes) strengths.set(`${serviceKey(dependency.slug)}>${here}`, strength);
  for (const { strength, dependent } of service.dependents.nodes) strengths.set(`${here}>${serviceKey(dependent.slug)}`, strength);
  for (const { share, outcome } of service.contributions) strengths.set(`${here}>${outcomeKey(outcome.slug)}`, share);
  for (const line of lines) {
    if (!line?.slug) continue;
    const key = serviceKey(line.slug);
    for (const { strength, dependency } of line.dependencies.nodes) strengths.set(`${serviceKey(dependency.slug)}>${key}`, strength);
    for (const { share, outcome } of line.contributions) strengths.set(`${key}>${outcomeKey(outcome.slug)}`, share);
  }
  return strengths;
}
