// Asking the API from a component.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, ask } from './client';
import { onTokenChange } from './session';
import type { Page, PageInfo } from './types';

/** Where a question stands. */
export interface Asked<T> {
  /** The answer; it stays while the same is asked again, and is no other question's. */
  data: T | null;
  /** The newest answer, be it to the question before: for choices that should not vanish with each letter that is typed. */
  latest: T | null;
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

/** Tells questions apart: by what is asked, and by who asks. Null: nothing to ask yet. */
function useKey(document: string, variables: object | null): string | null {
  const version = useTokenVersion();
  return variables && JSON.stringify([document, variables, version]);
}

const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('UNKNOWN', String(error));

interface Answer<T> {
  /** The question's. */
  key: string | null;
  data: T | null;
  error: ApiError | null;
  loading: boolean;
}

const unanswered = (key: string | null) => ({ key, data: null, error: null, loading: key !== null });

/** Reads once, and again when the key changes. */
function useAnswer<T>(key: string | null, read: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [known, setKnown] = useState<Answer<T>>(() => unanswered(key));
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (key === null) {
      setKnown(unanswered(key));
      return undefined;
    }
    const abort = new AbortController();
    const settle = (data: T | null, error: ApiError | null) => {
      if (!abort.signal.aborted) setKnown({ key, data, error, loading: false });
    };
    setKnown((before) => (before.key === key ? { ...before, loading: true } : before));
    read(abort.signal).then((data) => settle(data, null), (error: unknown) => settle(null, asApiError(error)));
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const { data, error, loading } = known.key === key ? known : unanswered(key);
  return { data, latest: known.data, error, loading, reload };
}

/** Asks once, and again when the variables or the token change. `variables` null: nothing to ask yet. */
export function useQuery<T>(document: string, variables: object | null): Asked<T> {
  return useAnswer(useKey(document, variables), (signal) => ask<T>(document, variables ?? {}, signal));
}

/** Reads a connection to its end. `pick` finds it in an answer; the document takes the cursor as `$after`. */
export function useAll<A, T>(document: string, pick: (answer: A) => Page<T>): Asked<T[]> {
  return useAnswer(useKey(document, {}), async (signal) => {
    const nodes: T[] = [];
    let after: string | null = null;
    do {
      const page: Page<T> = pick(await ask<A>(document, { after }, signal));
      nodes.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    return nodes;
  });
}

/** A value, or the last that there was, while the next is waited for. */
export function useLast<T>(value: T | null, isWaiting: boolean): T | null {
  const last = useRef<T | null>(null);
  if (value !== null || !isWaiting) last.current = value;
  return last.current;
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
  /** The question's. */
  key: string | null;
  nodes: T[];
  totalCount: number | null;
  page: PageInfo | null;
  error: ApiError | null;
  loading: boolean;
  readAt: Date | null;
}

const unread = <T>(key: string | null): Read<T> =>
  ({ key, nodes: [], totalCount: null, page: null, error: null, loading: key !== null, readAt: null });

/** What is read once a page is there, too. */
function goOn<T>(known: Read<T>, page: Page<T>, identify: (node: T) => string): Read<T> {
  const seen = new Set(known.nodes.map(identify));
  return {
    key: known.key,
    nodes: [...known.nodes, ...page.nodes.filter((node) => !seen.has(identify(node)))],
    totalCount: page.totalCount ?? known.totalCount,
    page: page.pageInfo,
    error: null,
    loading: false,
    readAt: known.readAt ?? new Date(),
  };
}

/**
 * Reads a connection from the front. `pick` finds it in the answer; the document takes the cursor as `$after`. What a ranking that
 * moves puts on two pages is kept once, by `identify`. `variables` null: nothing to ask yet. `first` is the first page, where it came
 * with something else.
 */
export function usePages<A, T>(
  document: string,
  variables: object | null,
  pick: (answer: A) => Page<T>,
  identify: (node: T) => string,
  first?: Page<T>,
): Pages<T> {
  const key = useKey(document, variables);
  const [known, setKnown] = useState<Read<T>>(() => (first ? goOn(unread(key), first, identify) : unread(key)));
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const isGiven = useRef(first !== undefined);
  const read = known.key === key ? known : unread<T>(key);

  const load = (before: Read<T>) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setKnown({ ...before, loading: true, error: null });
    const after = before.page?.endCursor ?? null;
    ask<A>(document, { ...variables, after }, mine.signal).then(
      (answer) => {
        if (!mine.signal.aborted) setKnown(goOn(before, pick(answer), identify));
      },
      (error: unknown) => {
        if (!mine.signal.aborted) setKnown({ ...before, error: asApiError(error), loading: false });
      },
    );
  };

  useEffect(() => {
    if (isGiven.current) isGiven.current = false;
    else if (key !== null) load(unread(key));
    return () => abort.current?.abort();
  }, [key, round]);
  return {
    nodes: read.nodes,
    totalCount: read.totalCount,
    hasMore: read.page?.hasNextPage ?? false,
    error: read.error,
    loading: read.loading,
    readAt: read.readAt,
    more: () => load(read),
    reload: () => setRound((before) => before + 1),
  };
}
