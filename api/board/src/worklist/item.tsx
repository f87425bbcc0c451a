// One line of the worklist: its worth, what it is, why it stands here, until when.

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useQuery } from '../api/hooks';
import type { Named } from '../api/types';
import { IMPACT, type ImpactAnswer } from '../map/query';
import { address } from '../route';
import { useText } from '../text';
import { Chains } from '../ui/chain';
import { Answered } from '../ui/state';
import type { Demand, Incident, ServiceRequest, WorkItem } from './query';

interface Props {
  item: WorkItem;
  rank: number;
  /** Worth of the first of the list, per hour: the whole length of the bar. */
  most: number;
}

export function Item({ item, rank, most }: Props) {
  const { t, f } = useText();
  const heading = useId();
  const { subject, valuePerHour } = item;
  const share = most > 0 ? Number(valuePerHour.amount) / most : 0;
  return (
    <li>
      <article class={`item item-${subject.__typename}`} aria-labelledby={heading}>
        <div class="worth">
          <p class="rank">
            <span aria-hidden="true">{f.number(rank)}</span>
            <span class="unseen">{t.worklist.rank(f.number(rank))}</span>
          </p>
          <p><strong class="figure" data-value={valuePerHour.amount}>{f.money(valuePerHour)}</strong> {t.worklist.perHour}</p>
          <svg class="worth-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="4" />
            <rect class="fill" width={Math.max(1, share * 100)} height="4" />
          </svg>
        </div>
        <div class="what">
          <p class="eyebrow">
            <span class="badge">{t.subject[subject.__typename]}</span>
            <span>{subject.number}</span>
          </p>
          <h2 id={heading}>{subject.title}</h2>
          <Subject subject={subject} />
          <Reasons reasons={item.reasons} />
          {subject.__typename === 'ServiceRequest' && <WithoutService slug={subject.requestService.slug} />}
        </div>
        <Due item={item} />
      </article>
    </li>
  );
}

function Due({ item }: { item: WorkItem }) {
  const { t, f } = useText();
  const { dueAt, atRisk, breached } = item;
  const broken = breached && <span class="badge badge-broken">{t.worklist.broken}</span>;
  if (!dueAt) {
    return item.subject.__typename === 'Demand' ? null : <p class="due"><span class="muted">{t.worklist.noDue}</span> {broken}</p>;
  }
  const isLate = new Date(dueAt) < new Date();
  const words = f.distance(dueAt);
  return (
    <p class={isLate ? 'due due-late' : 'due'}>
      <time dateTime={dueAt} title={f.dateTime(dueAt)}>{isLate ? t.worklist.late(words) : t.worklist.due(words)}</time>
      {broken}
      {atRisk && !isLate && <span class="badge badge-risk">{t.worklist.atRisk}</span>}
    </p>
  );
}

/** How many reasons are shown at once; the server has the weightiest first. */
const WEIGHTIEST = 2;

function ReasonList({ reasons }: { reasons: string[] }) {
  return <ul>{reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul>;
}

function Reasons({ reasons }: { reasons: string[] }) {
  const { t } = useText();
  if (reasons.length === 0) return null;
  return (
    <div class="reasons">
      <h3>{t.worklist.why}</h3>
      <ReasonList reasons={reasons.slice(0, WEIGHTIEST)} />
      {reasons.length > WEIGHTIEST && (
        <details>
          <summary>{t.worklist.moreReasons(reasons.length - WEIGHTIEST)}</summary>
          <ReasonList reasons={reasons.slice(WEIGHTIEST)} />
        </details>
      )}
    </div>
  );
}

const Facts = ({ children }: { children: ComponentChildren }) => <ul class="facts">{children}</ul>;

function Subject({ subject }: { subject: WorkItem['subject'] }) {
  switch (subject.__typename) {
    case 'Incident': return <OfIncident incident={subject} />;
    case 'ServiceRequest': return <OfRequest request={subject} />;
    case 'Demand': return <OfDemand demand={subject} />;
  }
}

function OfIncident({ incident }: { incident: Incident }) {
  const { t, f } = useText();
  const { impact } = incident;
  return (
    <>
      <Facts>
        <li class={`severity severity-${incident.severity}`}>{t.severity[incident.severity]}</li>
        <li>{t.incidentStatus[incident.incidentStatus]}</li>
        <li><time dateTime={incident.startedAt}>{t.worklist.since(f.distance(incident.startedAt))}</time></li>
        <li>{t.worklist.services(impact.affectedServices)}</li>
        <li><AffectedCustomers customers={impact.customers} /></li>
      </Facts>
      <Chains outcomes={impact.outcomes} />
    </>
  );
}

function AffectedCustomers({ customers }: { customers: Named[] }) {
  const { t, f } = useText();
  const count = t.worklist.customers(customers.length);
  if (customers.length === 0) return <>{count}</>;
  return (
    <details>
      <summary>{count}</summary>
      {f.list(customers.map(({ name }) => name))}
    </details>
  );
}

function OfRequest({ request }: { request: ServiceRequest }) {
  const { t } = useText();
  const { requestService: service } = request;
  return (
    <Facts>
      <li>{t.worklist.priority(request.priority)}</li>
      <li>{t.requestStatus[request.requestStatus]}</li>
      {request.requestCustomer && <li>{request.requestCustomer.name}</li>}
      <li><a href={address('map', service.slug)} aria-label={t.worklist.showMap(service.name)}>{service.name}</a></li>
    </Facts>
  );
}

/** What would be lost without the service that is asked of: asked for once somebody wants to see it. */
function WithoutService({ slug }: { slug: string }) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const asked = useQuery<ImpactAnswer>(IMPACT, isOpen ? { slug, severity: 'OUTAGE' } : null);
  return (
    <details class="lazy" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.worklist.without}</summary>
      {isOpen && (
        <Answered asked={asked}>
          {({ service }) => service && service.impact.outcomes.length > 0
            ? <Chains outcomes={service.impact.outcomes} />
            : <p class="muted">{t.map.worthless}</p>}
        </Answered>
      )}
    </details>
  );
}

function OfDemand({ demand }: { demand: Demand }) {
  const { t, f } = useText();
  const { demandService: service } = demand;
  return (
    <Facts>
      <li>{t.demandKind[demand.demandKind]}</li>
      <li>{t.demandStatus[demand.demandStatus]}</li>
      <li>{demand.demandCustomer.name}</li>
      <li>{t.worklist.worth(f.money(demand.valuePerMonth))}</li>
      {demand.outcome && <li>{demand.outcome.name}</li>}
      {service && (
        <li><a href={address('map', service.slug)} aria-label={t.worklist.showMap(service.name)}>{service.name}</a></li>
      )}
    </Facts>
  );
}
