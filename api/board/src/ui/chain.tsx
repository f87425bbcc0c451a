// The way from what fails to what is lost.

import type { OutcomeImpact } from '../api/types';
import { address } from '../route';
import { useText } from '../text';

/** One chain: the services, and the outcome with its loss at the end. */
export function Chain({ impact }: { impact: OutcomeImpact }) {
  const { t, f } = useText();
  return (
    <ol class="chain">
      {impact.path.map((service) => (
        <li key={service.slug}>
          <a class="chip" href={address('map', service.slug)}>{service.name}</a>
        </li>
      ))}
      <li>
        <span class="chip chip-outcome">
          <strong>{impact.outcome.name}</strong>
          <span>{impact.outcome.customer.name}</span>
          <span class="loss">{t.chain.lost(f.share(impact.loss))}</span>
          <span class="figure">{f.money(impact.valuePerHour)} {t.chain.perHour}</span>
        </span>
      </li>
    </ol>
  );
}

/** How many chains are shown at once; the others are a click away. */
const SHOWN = 2;

/** The chains of an impact, the dearest first. */
export function Chains({ outcomes }: { outcomes: OutcomeImpact[] }) {
  const { t } = useText();
  const shown = outcomes.slice(0, SHOWN);
  const others = outcomes.slice(SHOWN);
  if (shown.length === 0) return null;
  return (
    <div class="chains" role="group" aria-label={t.chain.label}>
      {shown.map((impact) => <Chain key={impact.outcome.slug} impact={impact} />)}
      {others.length > 0 && (
        <details>
          <summary>{t.chain.more(others.length)}</summary>
          {others.map((impact) => <Chain key={impact.outcome.slug} impact={impact} />)}
        </details>
      )}
    </div>
  );
}
