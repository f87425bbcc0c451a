// Customers and teams: choosing one, and finding the one that an address names.

import type { ComponentChildren } from 'preact';
import { useAll, useQuery, type Asked } from '../api/hooks';
import type { Identified, Page } from '../api/types';
import { useText } from '../text';
import { Select } from './controls';
import { Empty, explain, Failure, Loading } from './state';

const CUSTOMERS = /* GraphQL */ `
  query BoardCustomers($after: String) {
    list: customers(first: 100, after: $after) { nodes { id slug name } pageInfo { hasNextPage endCursor } }
  }
`;

const TEAMS = /* GraphQL */ `
  query BoardTeams($after: String) {
    list: teams(first: 100, after: $after) { nodes { id slug name } pageInfo { hasNextPage endCursor } }
  }
`;

const CUSTOMER = /* GraphQL */ `
  query BoardCustomer($slug: String!) {
    one: customer(slug: $slug) { id slug name }
  }
`;

const TEAM = /* GraphQL */ `
  query BoardTeam($slug: String!) {
    one: team(slug: $slug) { id slug name }
  }
`;

type Kind = 'customer' | 'team';

const LISTS: Record<Kind, string> = { customer: CUSTOMERS, team: TEAMS };
const ONES: Record<Kind, string> = { customer: CUSTOMER, team: TEAM };

/** What the reader chose, as far as it is known. */
export interface Chosen {
  kind: Kind;
  /** As it stands in the address; null: nothing in particular. */
  slug: string | null;
  /** What has this slug; null while that is not known, or where the viewer sees nothing that has it. */
  one: Identified | null;
  asked: Asked<{ one: Identified | null }>;
}

/** Finds what the address names. */
export function useChosen(kind: Kind, named: string | null): Chosen {
  const slug = named || null;
  const asked = useQuery<{ one: Identified | null }>(ONES[kind], slug ? { slug } : null);
  return { kind, slug, one: asked.data?.one ?? null, asked };
}

/** Whether a question about what is chosen can be asked. */
export const isKnown = ({ slug, one }: Chosen): boolean => slug === null || one !== null;

/** What is about the chosen ones, once they are known; else why they are not. */
export function About({ chosen, children }: { chosen: Chosen[]; children: ComponentChildren }) {
  const { t } = useText();
  const missing = chosen.find((one) => !isKnown(one));
  if (!missing) return <>{children}</>;
  const { kind, slug, asked } = missing;
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (!asked.data) return <Loading />;
  return <Empty>{t.state.unknownOf[kind](slug ?? '')}</Empty>;
}

interface Props {
  label: string;
  /** The choice of nothing in particular. */
  all: string;
  chosen: Chosen;
  /** Takes a slug. */
  onChange: (slug: string | null) => void;
}

/** All customers or teams that the viewer sees, to choose one from. */
export function CatalogSelect({ label, all, chosen, onChange }: Props) {
  const { t } = useText();
  const { kind, slug, one } = chosen;
  const asked = useAll<{ list: Page<Identified> }, Identified>(LISTS[kind], (answer) => answer.list);
  const listed = asked.data ?? [];
  // To whoever is not signed in the view itself says so.
  const problem = asked.error?.code === 'UNAUTHENTICATED' ? null : asked.error;
  // What is chosen has its name before the list is there.
  const options = one && !listed.some(({ id }) => id === one.id) ? [one, ...listed] : listed;
  return (
    <Select
      label={label}
      value={slug ?? ''}
      all={all}
      options={options.map((option) => ({ value: option.slug, label: option.name }))}
      note={problem && explain(problem, t)}
      onChange={(next) => onChange(next || null)}
    />
  );
}
