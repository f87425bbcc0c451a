// The map of a service: a picture, and the same in words and lists.

import { useMemo } from 'preact/hooks';
import { useLast, useQuery, type Asked } from '../api/hooks';
import { SEVERITIES, type BusinessImpact, type Severity } from '../api/types';
import { address, setParameters, type Route } from '../route';
import { useText } from '../text';
import { Choice } from '../ui/controls';
import { Heading } from '../ui/heading';
import { Empty, Failure, Loading } from '../ui/state';
import { ServiceFinder } from './finder';
import { makeGraph } from './graph';
import { Lists, Losses } from './lists';
import { MapPicture } from './picture';
import {
  IMPACT, SERVICE, STRENGTHS, type ImpactAnswer, type MappedService, type ServiceAnswer, type StrengthsAnswer,
} from './query';

/** A service and what is lost with it: answers to the same question. */
interface Mapping {
  service: MappedService;
  /** Null where the viewer may not see it. */
  impact: BusinessImpact | null;
  severity: Severity;
}

export function ServiceMap({ route }: { route: Route }) {
  const { t } = useText();
  const slug = route.rest;
  const severity = SEVERITIES.find((one) => one === route.parameters.get('severity')) ?? 'OUTAGE';
  const asked = useQuery<ServiceAnswer>(SERVICE, slug ? { slug } : null);
  const lost = useQuery<ImpactAnswer>(IMPACT, slug ? { slug, severity } : null);
  return (
    <>
      <Heading title={t.app.view.map} lead={t.map.lead} />
      <section class="filters" aria-label={t.map.choose}>
        <ServiceFinder
          chosen={asked.latest?.service?.name ?? ''}
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
      {slug === null ? <Empty>{t.map.start}</Empty> : <Found slug={slug} severity={severity} asked={asked} lost={lost} />}
    </>
  );
}

interface FoundProps {
  slug: string;
  severity: Severity;
  asked: Asked<ServiceAnswer>;
  lost: Asked<ImpactAnswer>;
}

/** The former map stays until all of the next is there: whoever goes from one service to its neighbour keeps the focus in the picture. */
function Found({ slug, severity, asked, lost }: FoundProps) {
  const { t } = useText();
  const service = asked.data?.service ?? null;
  const isLostKnown = lost.data !== null || lost.error !== null;
  const mapping = useLast<Mapping>(
    service && isLostKnown ? { service, impact: lost.data?.service?.impact ?? null, severity } : null,
    asked.loading || lost.loading,
  );
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (asked.data && !service) return <Empty>{t.map.unknown(slug)}</Empty>;
  return mapping ? <Mapped mapping={mapping} asked={lost} /> : <Loading />;
}

function Mapped({ mapping, asked }: { mapping: Mapping; asked: Asked<ImpactAnswer> }) {
  const { service, impact, severity } = mapping;
  const ids = impact?.outcomes.flatMap(({ path }) => path.map(({ id }) => id)) ?? [];
  const unique = [...new Set(ids)].slice(0, 100);
  const lines = useQuery<StrengthsAnswer>(STRENGTHS, unique.length > 0 ? { ids: unique } : null);
  // How strongly services hold each other does not depend on what is asked.
  const graph = useMemo(
    () => makeGraph({ service, impact, severity, lines: lines.latest?.nodes ?? [] }),
    [service, impact, severity, lines.latest],
  );
  return (
    <article aria-label={service.name} class="mapped" aria-busy={asked.loading || lines.loading}>
      <About mapping={mapping} />
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      <MapPicture graph={graph} name={service.name} />
      {impact && impact.outcomes.length > 0 && <Losses impact={impact} />}
      <Lists key={service.id} service={service} />
    </article>
  );
}

function About({ mapping }: { mapping: Mapping }) {
  const { t, f } = useText();
  const { service, impact, severity } = mapping;
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
            <dt>{t.map.whatIf}: {t.severity[severity]}</dt>
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
