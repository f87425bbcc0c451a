import type { ComponentChildren } from 'preact';

/** The title of a view and what it is about; the focus comes here when the view is opened. */
export function Heading({ title, lead, children }: { title: string; lead: string; children?: ComponentChildren }) {
  return (
    <header class="heading">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        <p class="lead">{lead}</p>
      </div>
      {children}
    </header>
  );
}
