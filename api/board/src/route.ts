// Where the reader is: `#/map/identity-provider?severity=OUTAGE`. All that a view shows can be linked to.

import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['worklist', 'map', 'promises', 'gap', 'shadow-it', 'review'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** What comes after the view: the slug of a service. */
  rest: string | null;
  parameters: URLSearchParams;
}

const isView = (word: string | undefined): word is View => VIEWS.some((view) => view === word);

/** A part of an address as it was before it was encoded; as it stands where nobody encoded it. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Reads an address; what is unknown is the first view. */
export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view, rest] = path.split('/');
  return {
    view: isView(view) ? view : 'worklist',
    rest: rest ? decode(rest) : null,
    parameters: new URLSearchParams(query),
  };
}

/** The address of a view. Parameters without a value are left out. */
export function address(view: View, rest?: string | null, parameters: Record<string, string | null> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const path = rest ? `#/${view}/${encodeURIComponent(rest)}` : `#/${view}`;
  return query.size > 0 ? `${path}?${query}` : path;
}

/** Sets parameters of the present address without a step in the history. */
export function setParameters(changes: Record<string, string | null>): void {
  const { view, rest, parameters } = parse(location.hash);
  const next = address(view, rest, { ...Object.fromEntries(parameters), ...changes });
  history.replaceState(null, '', next);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** The present address, as it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
