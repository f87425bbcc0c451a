// Where a token is put in, and taken out again.

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../api/client';
import { replaceToken, token } from '../api/session';
import { useText } from '../text';

const OPEN = 'kundig:session';

/** Opens the dialog from wherever signing in would help. */
export function openSession(): void {
  dispatchEvent(new Event(OPEN));
}

export interface Viewer {
  subject: string | null;
  person: { name: string } | null;
  scopes: string[];
}

export function SessionDialog({ viewer, error }: { viewer: Viewer | null; error: ApiError | null }) {
  const { t, f } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useId();
  const heading = useId();
  const [typed, setTyped] = useState('');
  const known = token();
  useEffect(() => {
    const open = () => dialog.current?.showModal();
    addEventListener(OPEN, open);
    return () => removeEventListener(OPEN, open);
  }, []);
  // A token that works has done its part here.
  const subject = viewer?.subject ?? null;
  useEffect(() => {
    if (subject) dialog.current?.close();
  }, [subject]);

  const submit = (event: Event) => {
    event.preventDefault();
    const next = typed.trim().replace(/^Bearer\s+/i, '');
    if (!next) return;
    setTyped('');
    replaceToken(next);
  };
  return (
    <dialog ref={dialog} class="session" aria-labelledby={heading}>
      <h2 id={heading}>{t.session.title}</h2>
      <p>{t.session.lead}</p>
      {known && !error && viewer && (
        <p class="muted">{t.session.scopes(viewer.scopes.length > 0 ? f.list(viewer.scopes) : t.session.none)}</p>
      )}
      {known && error?.code === 'UNAUTHENTICATED' && (
        <p class="wrong" role="alert">{t.session.refused} <span lang="en">{error.message}</span></p>
      )}
      <form onSubmit={submit}>
        <label for={field}>{t.session.label}</label>
        <input
          id={field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <p class="muted">{t.session.hint}</p>
        <code>kundig token --scope admin --subject j.weiss</code>
        <div class="buttons">
          <button type="submit" class="primary">{t.session.use}</button>
          {known && <button type="button" onClick={() => replaceToken(null)}>{t.session.forget}</button>}
          <button type="button" onClick={() => dialog.current?.close()}>{t.session.close}</button>
        </div>
      </form>
    </dialog>
  );
}
