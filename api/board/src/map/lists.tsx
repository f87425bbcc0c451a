// What the picture shows, as tables: for whoever reads with their ears, and for looking things up.

import { usePages, type Pages } from '../api/hooks';
import { NO_PAGE, type BusinessImpact } from '../api/types';
import { address } from '../route';
import { useText } from '../text';
import { More } from '../ui/more';
import {
  DEPENDENTS, NEEDED, type Dependent, type DependentsAnswer, type MappedService, type Need, type NeededAnswer, type Neighbour,
} from './query';

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

/** All neighbours of a service. Another service takes another key. */
export function Lists({ service }: { service: MappedService }) {
  const { t } = useText();
  const { slug } = service;
  const needed = usePages<NeededAnswer, Need>(
    NEEDED, { slug }, (answer) => answer.service?.dependencies ?? NO_PAGE, ({ dependency }) => dependency.id, service.dependencies,
  );
  const dependents = usePages<DependentsAnswer, Dependent>(
    DEPENDENTS, { slug }, (answer) => answer.service?.dependents ?? NO_PAGE, ({ dependent }) => dependent.id, service.dependents,
  );
  return (
    <div class="columns">
      <Neighbours title={t.map.needed} pages={needed} end={({ dependency }) => dependency} />
      <Neighbours title={t.map.dependents} pages={dependents} end={({ dependent }) => dependent} />
    </div>
  );
}

interface NeighboursProps<T> {
  title: string;
  pages: Pages<T>;
  /** The other end of a line. */
  end: (line: T) => Neighbour;
}

function Neighbours<T extends { strength: number }>({ title, pages, end }: NeighboursProps<T>) {
  const { t, f } = useText();
  const rows = pages.nodes.map((line) => ({ strength: line.strength, neighbour: end(line) }));
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
      {(pages.hasMore || pages.error) && <More pages={pages} />}
    </section>
  );
}
