// What is shown while there is nothing to show: waiting, refusals, emptiness.

import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client';
import { openSession } from '../shell/session-dialog';
import { useText, type Messages } from '../text';

export function Loading() {
  const { t } = useText();
  return <p class="state" role="status">{t.state.loading}</p>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="state state-empty">{children}</p>;
}

/** What a person is told about an error; the server's own words only where they help. */
export function explain(error: ApiError, t: Messages): string {
  switch (error.code) {
    case 'UNAUTHENTICATED': return t.state.signIn;
    case 'FORBIDDEN': return error.requiredScope ? t.state.needs(error.requiredScope) : t.state.needsAny;
    case 'UNREACHABLE': return t.state.unreachable;
    case 'RATE_LIMITED': return t.state.busy;
    case 'TIMEOUT': return t.state.late;
    case 'UNAVAILABLE': return t.state.unavailable;
    default: return t.state.failed;
  }
}

/** Says why something is missing, and offers the way out that there is. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  const { t } = useText();
  const mustSignIn = error.code === 'UNAUTHENTICATED';
  const isFinal = mustSignIn || error.code === 'FORBIDDEN';
  const isOurs = explain(error, t) === t.state.failed;
  return (
    <div class="state state-failure" role="alert">
      <p>{explain(error, t)}</p>
      {isOurs && <p class="muted" lang="en">{error.message}</p>}
      {mustSignIn && <button type="button" class="primary" onClick={openSession}>{t.session.open}</button>}
      {!isFinal && retry && <button type="button" onClick={retry}>{t.state.again}</button>}
    </div>
  );
}

interface Part<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

/** A part of a view, once its answer is there. */
export function Answered<T>({ asked, children }: { asked: Part<T>; children: (data: T) => ComponentChildren }) {
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (!asked.data) return asked.loading ? <Loading /> : null;
  return <>{children(asked.data)}</>;
}
