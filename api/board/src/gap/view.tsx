// Supply and demand: what is asked for and not there, what is there and not asked for.

import { usePages, useQuery } from '../api/hooks';
import type { Page } from '../api/types';
import { Bar } from '../plot/bars';
import { address, type Route } from '../route';
import { useText } from '../text';
import { Heading } from '../ui/heading';
import { More } from '../ui/more';
import { Answered, Empty, Loading } from '../ui/state';
import { Declined } from './declined';
import { HOUSEKEEPING, UNASKED, UNMET, type Housekeeping, type UnaskedService, type UnmetDemand } from './query';
import { MissedSearches, Tidying } from './housekeeping';

export function Gap(_: { route: Route }) {
  const { t } = useText();
  const housekeeping = useQuery<Housekeeping>(HOUSEKEEPING, {});
  return (
    <>
      <Heading title={t.app.view.gap} lead={t.gap.lead} />
      <div class="scales">
        <Unmet />
        <Unasked />
      </div>
      <div class="columns">
        <section>
          <h2>{t.gap.missed}</h2>
          <Answered asked={housekeeping}>{(answer) => <MissedSearches searches={answer.portfolioGap.missedSearches} />}</Answered>
        </section>
        <Declined />
      </div>
      {housekeeping.data && <Tidying gap={housekeeping.data.portfolioGap} />}
    </>
  );
}

interface UnmetAnswer {
  portfolioGap: { unmetDemands: Page<UnmetDemand> };
}

function Unmet() {
  const { t } = useText();
  const pages = usePages<UnmetAnswer, UnmetDemand>(UNMET, {}, (answer) => answer.portfolioGap.unmetDemands, ({ id }) => id);
  const most = Number(pages.nodes[0]?.valuePerMonth.amount ?? 0);
  return (
    <section class="scale scale-demand">
      <h2>{t.gap.unmet}</h2>
      {pages.loading && pages.nodes.length === 0 && <Loading />}
      {!pages.loading && !pages.error && pages.nodes.length === 0 && <Empty>{t.gap.unmetEmpty}</Empty>}
      <ul class="rows">{pages.nodes.map((demand) => <UnmetRow key={demand.id} demand={demand} most={most} />)}</ul>
      <More pages={pages} />
    </section>
  );
}

function UnmetRow({ demand, most }: { demand: UnmetDemand; most: number }) {
  const { t, f } = useText();
  const { valuePerMonth, score, supporterCount } = demand;
  return (
    <li class="row">
      <div>
        <h3>{demand.title}</h3>
        <ul class="facts">
          <li>{demand.number}</li>
          <li>{t.demandKind[demand.kind]}</li>
          <li>{t.demandStatus[demand.status]}</li>
          <li>{demand.customer.name}</li>
          {supporterCount > 0 && <li>{t.gap.supporters(supporterCount, f.number)}</li>}
          <li>{score === null ? t.gap.noEffort : t.gap.score(f.money({ amount: String(score), currency: valuePerMonth.currency }))}</li>
        </ul>
      </div>
      <p class="row-amount">
        <strong class="figure" data-value={valuePerMonth.amount}>{f.money(valuePerMonth)}</strong> {t.gap.perMonth}
        <Bar share={most > 0 ? Number(valuePerMonth.amount) / most : 0} towards="left" />
      </p>
    </li>
  );
}

interface UnaskedAnswer {
  portfolioGap: { unaskedServices: Page<UnaskedService> };
}

function Unasked() {
  const { t } = useText();
  const pages = usePages<UnaskedAnswer, UnaskedService>(
    UNASKED, {}, (answer) => answer.portfolioGap.unaskedServices, ({ id }) => id,
  );
  const idle = pages.nodes.filter((service) => worthOf(service) === 0);
  const carrying = pages.nodes.filter((service) => worthOf(service) > 0).sort((a, b) => worthOf(b) - worthOf(a));
  return (
    <section class="scale scale-supply">
      <h2>{t.gap.unasked}</h2>
      <p class="muted">{t.gap.unaskedHelp}</p>
      {pages.loading && pages.nodes.length === 0 && <Loading />}
      {!pages.loading && !pages.error && pages.nodes.length === 0 && <Empty>{t.gap.unaskedEmpty}</Empty>}
      <ul class="rows">{idle.map((service) => <UnaskedRow key={service.id} service={service} title="h3" />)}</ul>
      {carrying.length > 0 && (
        <>
          <h3 class="rows-title">{t.gap.carrying}</h3>
          <p class="muted">{t.gap.carryingHelp}</p>
          <ul class="rows">{carrying.map((service) => <UnaskedRow key={service.id} service={service} title="h4" />)}</ul>
        </>
      )}
      <More pages={pages} />
    </section>
  );
}

/** What is lost without a service per hour. */
const worthOf = ({ impact }: UnaskedService) => Number(impact?.valuePerHour.amount ?? 0);

function UnaskedRow({ service, title: Title }: { service: UnaskedService; title: 'h3' | 'h4' }) {
  const { t, f } = useText();
  const { tier, team, businessOwner, impact } = service;
  return (
    <li class="row">
      <div>
        <Title><a href={address('map', service.slug)}>{service.name}</a></Title>
        <ul class="facts">
          <li>{t.tier[tier]}</li>
          {team && <li>{team.name}</li>}
          <li>{t.map.owner} {businessOwner?.name ?? t.map.nobody}</li>
          {impact && worthOf(service) > 0 && (
            <li class="carries" data-value={impact.valuePerHour.amount}>{t.gap.carries(f.money(impact.valuePerHour))}</li>
          )}
        </ul>
      </div>
    </li>
  );
}
