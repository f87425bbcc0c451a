// Customers and teams to choose from.

import { useQuery } from '../api/hooks';
import type { Identified, Page } from '../api/types';
import { Select } from './controls';

const CUSTOMERS = /* GraphQL */ `
  query BoardCustomers {
    customers(first: 100) { nodes { id slug name } pageInfo { hasNextPage endCursor } }
  }
`;

const TEAMS = /* GraphQL */ `
  query BoardTeams {
    teams(first: 100) { nodes { id slug name } pageInfo { hasNextPage endCursor } }
  }
`;

/** The first hundred customers; empty until they are there, or where the viewer may not see them. */
export const useCustomers = (): Identified[] =>
  useQuery<{ customers: Page<Identified> }>(CUSTOMERS, {}).data?.customers.nodes ?? [];

/** The first hundred teams. */
export const useTeams = (): Identified[] =>
  useQuery<{ teams: Page<Identified> }>(TEAMS, {}).data?.teams.nodes ?? [];

interface Props {
  label: string;
  all?: string;
  options: Identified[];
  /** A slug, as it stands in the address. */
  value: string | null;
  onChange: (slug: string | null) => void;
}

export function CatalogSelect({ label, all, options, value, onChange }: Props) {
  return (
    <Select
      label={label}
      value={value ?? ''}
      {...(all === undefined ? {} : { all })}
      options={options.map(({ slug, name }) => ({ value: slug, label: name }))}
      onChange={(slug) => onChange(slug || null)}
    />
  );
}
