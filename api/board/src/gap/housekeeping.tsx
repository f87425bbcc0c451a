// What people looked for in vain, and what in the catalog needs tidying up.

import type { Identified, Page } from '../api/types';
import { Bar } from '../plot/bars';
import { address } from '../route';
import { useText } from '../text';
import { Empty } from '../ui/state';
import type { Housekeeping } from './query';

type PortfolioGap = Housekeeping['portfolioGap'];

export function MissedSearches({ searches }: { searches: PortfolioGap['missedSearches'] }) {
  const { t, f } = useText();
  if (searches.length === 0) return <Empty>{t.gap.missedEmpty}</Empty>;
  const most = Math.max(...searches.map(({ count }) => count));
  return (
    <ul class="rows">
      {searches.map(({ query, count, lastAt }) => (
        <li key={query} class="row row-narrow">
          <div><strong>{t.gap.quoted(query)}</strong> <span class="muted">{t.gap.last(f.distance(lastAt))}</span></div>
          <p class="row-amount"><span class="figure">{t.gap.times(count, f.number)}</span><Bar share={count / most} /></p>
        </li>
      ))}
    </ul>
  );
}

export function Tidying({ gap }: { gap: PortfolioGap }) {
  const { t, f } = useText();
  return (
    <section>
      <h2>{t.gap.housekeeping}</h2>
      <div class="cards">
        <Names title={t.gap.withoutOwner} page={gap.servicesWithoutBusinessOwner} isLinked />
        <Names title={t.gap.withoutService} page={gap.outcomesWithoutService} isLinked={false} />
        <Names title={t.gap.stale} page={gap.staleOwnership} isLinked />
        <Names title={t.gap.watermelons} help={t.gap.watermelonsHelp} page={gap.watermelons} isLinked />
        <div class="card">
          <h3>{t.gap.shadowCost}</h3>
          <p><strong class="figure big">{f.money(gap.shadowItMonthlyCost)}</strong> {t.gap.perMonth}</p>
          <a href={address('shadow-it')}>{t.gap.shadowLink}</a>
        </div>
      </div>
    </section>
  );
}

interface NamesProps {
  title: string;
  help?: string;
  page: Page<Identified>;
  isLinked: boolean;
}

function Names({ title, help, page, isLinked }: NamesProps) {
  const { t, f } = useText();
  const { nodes, totalCount } = page;
  const further = (totalCount ?? nodes.length) - nodes.length;
  return (
    <div class="card">
      <h3>{title}</h3>
      {help && <p class="muted">{help}</p>}
      <p><strong class="big">{f.number(totalCount ?? nodes.length)}</strong></p>
      {nodes.length > 0 && (
        <ul class="names">
          {nodes.map(({ slug, name }) => (
            <li key={slug}>{isLinked ? <a href={address('map', slug)}>{name}</a> : name}</li>
          ))}
          {further > 0 && <li class="muted">{t.gap.further(further, f.number)}</li>}
        </ul>
      )}
      {nodes.length === 0 && <p class="muted">{t.state.nothing}</p>}
    </div>
  );
}
