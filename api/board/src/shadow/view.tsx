// What customers already get elsewhere.

import { usePages, useQuery } from '../api/hooks';
import type { Page } from '../api/types';
import { address, type Route } from '../route';
import { useText } from '../text';
import { Heading } from '../ui/heading';
import { More } from '../ui/more';
import { Empty, Loading } from '../ui/state';
import { COST, isInUse, SHADOW_IT, type CostAnswer, type Sighting } from './query';
import { Scatter } from './scatter';

export function ShadowIt(_: { route: Route }) {
  const { t } = useText();
  const pages = usePages<{ shadowItSightings: Page<Sighting> }, Sighting>(
    SHADOW_IT, {}, (answer) => answer.shadowItSightings, ({ id }) => id,
  );
  const sightings = [...pages.nodes].sort((a, b) => b.risk - a.risk || Number(b.monthlyCost.amount) - Number(a.monthlyCost.amount));
  return (
    <>
      <Heading title={t.app.view['shadow-it']} lead={t.shadow.lead} />
      {pages.loading && sightings.length === 0 && <Loading />}
      {!pages.loading && !pages.error && sightings.length === 0 && <Empty>{t.shadow.empty}</Empty>}
      {sightings.length > 0 && (
        <>
          <Total sightings={sightings} isWhole={!pages.hasMore} />
          <Scatter sightings={sightings} />
          <SightingTable sightings={sightings} />
        </>
      )}
      <More pages={pages} />
    </>
  );
}

/** The cost is the server's sum; of the users it has none, so they are counted once all are there. */
function Total({ sightings, isWhole }: { sightings: Sighting[]; isWhole: boolean }) {
  const { t, f } = useText();
  const asked = useQuery<CostAnswer>(COST, {});
  if (!asked.data) return null;
  const cost = f.money(asked.data.portfolioGap.shadowItMonthlyCost);
  const users = sightings.filter(isInUse).reduce((sum, sighting) => sum + sighting.users, 0);
  return <p class="summary"><strong>{isWhole ? t.shadow.total(cost, users, f.number) : t.shadow.totalCost(cost)}</strong></p>;
}

function SightingTable({ sightings }: { sightings: Sighting[] }) {
  const { t } = useText();
  return (
    <section>
      <h2>{t.state.asTable}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label={t.shadow.picture}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.shadow.product}</th>
              <th scope="col" class="right">{t.shadow.risk}</th>
              <th scope="col" class="right">{t.shadow.cost}</th>
              <th scope="col">{t.shadow.customer}</th>
              <th scope="col" class="right">{t.shadow.users}</th>
              <th scope="col">{t.shadow.data}</th>
              <th scope="col">{t.shadow.status}</th>
              <th scope="col">{t.shadow.since}</th>
              <th scope="col">{t.shadow.answer}</th>
            </tr>
          </thead>
          <tbody>{sightings.map((sighting) => <SightingRow key={sighting.id} sighting={sighting} />)}</tbody>
        </table>
      </div>
    </section>
  );
}

function SightingRow({ sighting }: { sighting: Sighting }) {
  const { t, f } = useText();
  const { vendor, service, demand } = sighting;
  return (
    <tr>
      <th scope="row">
        <span class="row-name">{sighting.product}</span>
        {vendor && <span class="row-detail">{vendor}</span>}
      </th>
      <td class="right figure" data-value={sighting.risk}>{f.number(sighting.risk)}</td>
      <td class="right figure">{f.money(sighting.monthlyCost)}</td>
      <td>{sighting.customer.name}</td>
      <td class="right">{f.number(sighting.users)}</td>
      <td>{t.dataClass[sighting.dataClass]}</td>
      <td>{t.shadowItStatus[sighting.status]}</td>
      <td class="no-break">{f.date(sighting.firstSeen)}</td>
      <td>
        {service && <a href={address('map', service.slug)}>{service.name}</a>}
        {!service && demand && (
          <>
            {t.shadow.wanted(demand.number)}
            <span class="row-detail">{demand.title}</span>
          </>
        )}
        {!service && !demand && t.shadow.noAnswer}
      </td>
    </tr>
  );
}
