// What the picture shows, as tables: for whoever reads with their ears, and for looking things up.

import type { BusinessImpact } from '../api/types';
import { address } from '../route';
import { useText } from '../text';
import type { MappedService, Neighbour } from './query';

export function Losses({ impact }: { impact: BusinessImpact }) {
  const { t, f } = useText();
  return (
    <section>
      <h3>{t.map.chains}</h3>
      <div class="scroll" tabIndex={0} role="group" aria-label={t.map.chains}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.map.outcome}</th>
              <th scope="col">{t.map.customer}</th>
              <th scope="col" class="right">{t.map.loss}</th>
              <th scope="col" class="right">{t.map.perHour}</th>
              <th scope="col">{t.map.way}</th>
            </tr>
          </thead>
          <tbody>
            {impact.outcomes.map(({ outcome, loss, valuePerHour, path }) => (
              <tr key={outcome.slug}>
                <th scope="row">{outcome.name}</th>
                <td>{outcome.customer.name}</td>
                <td class="right">{f.share(loss)}</td>
                <td class="right figure">{f.money(valuePerHour)}</td>
                <td>{path.map(({ name }) => name).join(' → ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Lists({ service }: { service: MappedService }) {
  const { t } = useText();
  const needed = service.dependencies.nodes.map(({ strength, dependency }) => ({ strength, neighbour: dependency }));
  const dependents = service.dependents.nodes.map(({ strength, dependent }) => ({ strength, neighbour: dependent }));
  return (
    <div class="columns">
      <Neighbours title={t.map.needed} rows={needed} />
      <Neighbours title={t.map.dependents} rows={dependents} />
    </div>
  );
}

function Neighbours({ title, rows }: { title: string; rows: { strength: number; neighbour: Neighbour }[] }) {
  const { t, f } = useText();
  return (
    <section>
      <h3>{title}</h3>
      {rows.length === 0 ? <p class="muted">{t.state.nothing}</p> : (
        <table>
          <thead>
            <tr><th scope="col">{t.map.service}</th><th scope="col" class="right">{t.map.strength}</th></tr>
          </thead>
          <tbody>
            {rows.map(({ strength, neighbour }) => (
              <tr key={neighbour.slug}>
                <th scope="row"><a href={address('map', neighbour.slug)}>{neighbour.name}</a></th>
                <td class="right">{f.share(strength)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
