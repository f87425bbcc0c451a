// What was promised, and was it kept?

import { useMemo } from 'preact/hooks';
import { usePages, useQuery } from '../api/hooks';
import type { KeptTarget, TargetAttainment } from '../api/types';
import { AttainmentPlots, isForAll, type Row } from '../plot/attainment';
import { setParameters, type Route } from '../route';
import { useText } from '../text';
import { About, CatalogSelect, useChosen } from '../ui/catalog-select';
import { Select } from '../ui/controls';
import { Heading } from '../ui/heading';
import { More } from '../ui/more';
import { Empty, explain, Loading } from '../ui/state';
import {
  agreementsOf, CUSTOMER_PROMISES, KEPT_FOR_CUSTOMER, PROMISES, type Agreement, type KeptForCustomer, type PromisesAnswer,
} from './query';

const PERIODS = [30, 90, 180, 365];
const DAY = 24 * 60 * 60 * 1000;

/** The last so many days, up to the present hour: the same question is asked twice only where the answer may differ. */
function period(days: number): { from: string; until: string } {
  const until = new Date();
  until.setMinutes(0, 0, 0);
  return { from: new Date(until.getTime() - days * DAY).toISOString(), until: until.toISOString() };
}

export function Promises({ route }: { route: Route }) {
  const { t } = useText();
  const customer = useChosen('customer', route.parameters.get('customer'));
  const { slug } = customer;
  const days = PERIODS.find((one) => String(one) === route.parameters.get('days')) ?? 90;
  const span = useMemo(() => period(days), [days]);
  const pages = usePages<PromisesAnswer, Agreement>(
    slug ? CUSTOMER_PROMISES : PROMISES,
    slug ? { slug, ...span } : span,
    agreementsOf,
    ({ id }) => id,
  );
  const forAll = useQuery<KeptForCustomer>(KEPT_FOR_CUSTOMER, customer.one && { customerId: customer.one.id, ...span });
  const measuredForAll = forAll.data?.businessReview?.attainment.filter(isForAll) ?? [];
  const isWhole = !pages.loading && !pages.error && !pages.hasMore;
  return (
    <>
      <Heading title={t.app.view.promises} lead={t.promises.lead} />
      <section class="filters" aria-label={t.promises.period}>
        <CatalogSelect
          label={t.promises.customer} all={t.promises.everybody} chosen={customer}
          onChange={(next) => setParameters({ customer: next })}
        />
        <Select
          label={t.promises.period}
          value={String(days)}
          options={PERIODS.map((one) => ({ value: String(one), label: t.promises.days(one) }))}
          onChange={(next) => setParameters({ days: next })}
        />
      </section>
      <About chosen={[customer]}>
        {(pages.loading || forAll.loading) && pages.nodes.length === 0 && <Loading />}
        {slug && isWhole && pages.nodes.length === 0 && <p class="muted">{t.promises.noneOfTheirOwn}</p>}
        {forAll.data && !measuredForAll.some(({ total }) => total > 0) && <p class="muted">{t.promises.noneForAll}</p>}
        {forAll.error && <p class="muted">{t.promises.withoutThoseForAll} {explain(forAll.error, t)}</p>}
        <Kept
          agreements={pages.nodes}
          forAll={measuredForAll}
          isWhole={isWhole && !forAll.loading}
        />
        <More pages={pages} />
      </About>
    </>
  );
}

function Kept({ agreements, forAll, isWhole }: { agreements: Agreement[]; forAll: KeptTarget[]; isWhole: boolean }) {
  const { t, f } = useText();
  const own = agreements.flatMap((agreement) => agreement.attainment.map((attainment): Row => ({
    key: `${agreement.id}/${attainment.target.id}`,
    name: agreement.name,
    detail: [
      ...describe(attainment, t, f),
      ...(agreement.customer ? [t.promises.forCustomer(agreement.customer.name)] : []),
      ...(agreement.kind === 'SLA' ? [] : [t.agreementKind[agreement.kind]]),
    ].join(' · '),
    attainment,
  })));
  const all = [...own, ...forAll.map((attainment): Row => ({
    key: attainment.target.id,
    name: attainment.target.agreement?.name ?? '',
    detail: [...describe(attainment, t, f), t.promises.forAll].join(' · '),
    attainment,
  }))];
  const measured = all.filter(({ attainment }) => attainment.total > 0);
  if (measured.length === 0) return isWhole ? <Empty>{t.promises.empty}</Empty> : null;
  const kept = measured.filter(({ attainment }) => attainment.met).length;
  return (
    <>
      <p class="summary">
        {!isWhole && <span class="muted">{t.promises.ofShown} </span>}
        <strong>{t.promises.summary(kept, measured.length, f.number)}</strong>{' '}
        {all.length > measured.length && <span class="muted">{t.promises.unmeasured(all.length - measured.length)}</span>}
      </p>
      <p class="muted">{t.promises.budgetHelp}</p>
      <AttainmentPlots rows={measured} />
    </>
  );
}

type Text = ReturnType<typeof useText>;

function describe({ target }: TargetAttainment, t: Text['t'], f: Text['f']): string[] {
  const parts = [t.metric[target.metric]];
  if (target.metric !== 'AVAILABILITY') parts.push(target.priority ?? t.promises.anyPriority);
  if (target.within) parts.push(t.promises.within(f.duration(target.within)));
  return parts;
}
