// Asking the API from a component.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, ask } from './client';
import { onTokenChange } from './session';
import type { Page, PageInfo } from './types';

/** Where a question stands. While it is asked again, the former answer stays. */
export interface Asked<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

/** Grows with every change of the token, so that everything is asked again. */
function useTokenVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => onTokenChange(() => setVersion((known) => known + 1)), []);
  return version;
}

const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('UNKNOWN', String(error));

/** Asks once, and again when the variables or the token change. `variables` null: nothing to ask yet. */
export function useQuery<T>(document: string, variables: object | null): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, 'reload'>>({ data: null, error: null, loading: variables !== null });
  const [round, setRound] = useState(0);
  const version = useTokenVersion();
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (variables === null) {
      setState({ data: null, error: null, loading: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((known) => ({ ...known, loading: true }));
    ask<T>(document, variables, abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, error: null, loading: false });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState({ data: null, error: asApiError(error), loading: false });
      },
    );
    return () => abort.abort();
    // `variables` is compared by what is in it.
  }, [document, key, version, round]);
  const reload = useCallback(() => setRound((known) => known + 1), []);
  return { ...state, reload };
}

/** A list that is read page by page. */
export interface Pages<T> {
  nodes: T[];
  totalCount: number | null;
  hasMore: boolean;
  error: ApiError | null;
  loading: boolean;
  /** When the first page was read. */
  readAt: Date | null;
  more: () => void;
  reload: () => void;
}

interface Read<T> {
  nodes: T[];
  totalCount: number | null;
  page: PageInfo | null;
  error: ApiError | null;
  loading: boolean;
  readAt: Date | null;
}

const UNREAD = { nodes: [], totalCount: null, page: null, error: null, loading: true, readAt: null };

/**
 * Reads a connection from the front. `pick` finds it in the answer; the document takes the cursor as `$after`. What a ranking that
 * moves puts on two pages is kept once, by `identify`.
 */
export function usePages<A, T>(
  document: string,
  variables: object,
  pick: (answer: A) => Page<T>,
  identify: (node: T) => string,
): Pages<T> {
  const [read, setRead] = useState<Read<T>>(UNREAD);
  const [round, setRound] = useState(0);
  const version = useTokenVersion();
  const abort = useRef<AbortController | null>(null);
  const key = JSON.stringify(variables);

  const load = (known: Read<T>) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setRead({ ...known, loading: true, error: null });
    const after = known.page?.endCursor ?? null;
    ask<A>(document, { ...variables, after }, mine.signal).then(
      (answer) => {
        if (mine.signal.aborted) return;
        const page = pick(answer);
        const seen = new Set(known.nodes.map(identify));
        const fresh = page.nodes.filter((node) => !seen.has(identify(node)));
        setRead({
          nodes: [...known.nodes, ...fresh],
          totalCount: page.totalCount ?? known.totalCount,
          page: page.pageInfo,
          error: null,
          loading: false,
          readAt: known.readAt ?? new Date(),
        });
      },
      (error: unknown) => {
        if (!mine.signal.aborted) setRead({ ...known, error: asApiError(error), loading: false });
      },
    );
  };

  useEffect(() => {
    load(UNREAD);
    return () => abort.current?.abort();
    // `variables` is compared by what is in it.
  }, [document, key, version, round]);
  return {
    nodes: read.nodes,
    totalCount: read.totalCount,
    hasMore: read.page?.hasNextPage ?? false,
    error: read.error,
    loading: read.loading,
    readAt: read.readAt,
    more: () => load(read),
    reload: () => setRound((known) => known + 1),
  };
}
