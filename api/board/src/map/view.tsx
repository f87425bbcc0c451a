// The map of a service: a picture, and the same in words and lists.

import { useMemo } from 'preact/hooks';
import { useQuery, type Asked } from '../api/hooks';
import { SEVERITIES, type BusinessImpact, type Severity } from '../api/types';
import { address, setParameters, type Route } from '../route';
import { useText } from '../text';
import { Choice } from '../ui/controls';
import { Heading } from '../ui/heading';
import { Answered, Empty, Failure } from '../ui/state';
import { ServiceFinder } from './finder';
import { makeGraph } from './graph';
import { Lists, Losses } from './lists';
import { MapPicture } from './picture';
import {
  IMPACT, SERVICE, STRENGTHS, type ImpactAnswer, type MappedService, type ServiceAnswer, type StrengthsAnswer,
} from './query';

export function ServiceMap({ route }: { route: Route }) {
  const { t } = useText();
  const slug = route.rest;
  const severity = SEVERITIES.find((one) => one === route.parameters.get('severity')) ?? 'OUTAGE';
  const asked = useQuery<ServiceAnswer>(SERVICE, slug ? { slug } : null);
  const impact = useQuery<ImpactAnswer>(IMPACT, slug ? { slug, severity } : null);
  return (
    <>
      <Heading title={t.app.view.map} lead={t.map.lead} />
      <section class="filters" aria-label={t.map.choose}>
        <ServiceFinder
          chosen={asked.data?.service?.name ?? ''}
          onChoose={(next) => { location.hash = address('map', next, { severity: route.parameters.get('severity') }); }}
        />
        <Choice
          many={false}
          label={t.map.whatIf}
          chosen={[severity]}
          options={SEVERITIES.map((value) => ({ value, label: t.severity[value] }))}
          onChange={([next]) => setParameters({ severity: next ?? null })}
        />
      </section>
      {slug === null
        ? <Empty>{t.map.start}</Empty>
        : (
          <Answered asked={asked}>
            {({ service }) => service
              ? <Mapped service={service} asked={impact} severity={severity} />
              : <Empty>{t.map.unknown(slug)}</Empty>}
          </Answered>
        )}
    </>
  );
}

function Mapped({ service, asked, severity }: { service: MappedService; asked: Asked<ImpactAnswer>; severity: Severity }) {
  const impact = asked.data?.service?.impact ?? null;
  const ids = impact?.outcomes.flatMap(({ path }) => path.map(({ id }) => id)) ?? [];
  const unique = [...new Set(ids)].slice(0, 100);
  const lines = useQuery<StrengthsAnswer>(STRENGTHS, unique.length > 0 ? { ids: unique } : null);
  const graph = useMemo(
    () => makeGraph({ service, impact, severity, lines: lines.data?.nodes ?? [] }),
    [service, impact, severity, lines.data],
  );
  return (
    <article aria-label={service.name} class="mapped" aria-busy={asked.loading || lines.loading}>
      <About service={service} impact={impact} />
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      <MapPicture graph={graph} name={service.name} />
      {impact && impact.outcomes.length > 0 && <Losses impact={impact} />}
      <Lists service={service} />
    </article>
  );
}

function About({ service, impact }: { service: MappedService; impact: BusinessImpact | null }) {
  const { t, f } = useText();
  return (
    <header class="about">
      <div>
        <h2>{service.name}</h2>
        {service.description && <p>{service.description}</p>}
        <ul class="facts">
          <li>{t.tier[service.tier]}</li>
          <li>{t.map.owner} {service.businessOwner?.name ?? t.map.nobody}</li>
          <li>{t.map.serviceOwner} {service.serviceOwner?.name ?? t.map.nobody}</li>
          {service.team && <li>{t.map.team} {service.team.name}</li>}
        </ul>
      </div>
      {impact && (
        <dl class="figures">
          <div class="figure-main">
            <dt>{t.map.whatIf}</dt>
            <dd data-value={impact.valuePerHour.amount}>
              {Number(impact.valuePerHour.amount) > 0 ? t.map.worth(f.money(impact.valuePerHour)) : t.map.worthless}
            </dd>
          </div>
          <div><dt>{t.map.outcomes}</dt><dd>{f.number(impact.outcomes.length)}</dd></div>
          <div><dt>{t.map.affected}</dt><dd>{f.number(impact.affectedServices)}</dd></div>
          <div><dt>{t.map.customers}</dt><dd>{f.number(impact.customers.length)}</dd></div>
        </dl>
      )}
    </header>
  );
}
