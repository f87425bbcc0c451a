// What first? Everything open, by what an hour of waiting costs.

import { usePages } from '../api/hooks';
import type { Page } from '../api/types';
import { setParameters, type Route } from '../route';
import { useText } from '../text';
import { About, CatalogSelect, isKnown, useChosen } from '../ui/catalog-select';
import { Choice } from '../ui/controls';
import { Heading } from '../ui/heading';
import { More } from '../ui/more';
import { Empty, Loading } from '../ui/state';
import { Item } from './item';
import { WORKLIST, type WorkItem } from './query';

const KINDS = ['INCIDENT', 'SERVICE_REQUEST', 'DEMAND'] as const;
type Kind = (typeof KINDS)[number];

export function Worklist({ route }: { route: Route }) {
  const { language, t, f } = useText();
  const { parameters } = route;
  const kinds = KINDS.filter((kind) => parameters.getAll('kinds').join().split(',').includes(kind));
  const customer = useChosen('customer', parameters.get('customer'));
  const team = useChosen('team', parameters.get('team'));
  const filter = { kinds: kinds.length > 0 ? kinds : null, customerId: customer.one?.id ?? null, teamId: team.one?.id ?? null };
  const pages = usePages<{ worklist: Page<WorkItem> }, WorkItem>(
    // Without its customer or team this would be another list.
    WORKLIST, isKnown(customer) && isKnown(team) ? { filter, language: language.toUpperCase() } : null, (answer) => answer.worklist, (item) => item.subject.id,
  );
  const isFiltered = kinds.length > 0 || customer.slug !== null || team.slug !== null;
  const setKinds = (next: Kind[]) => setParameters({ kinds: next.join(',') || null });
  return (
    <>
      <Heading title={t.app.view.worklist} lead={t.worklist.lead}>
        <p class="as-of">
          {pages.readAt && <span>{t.state.asOf(f.time(pages.readAt))}</span>}
          <button type="button" onClick={pages.reload}>{t.state.refresh}</button>
        </p>
      </Heading>
      <section class="filters" aria-label={t.worklist.filters}>
        <Choice
          many
          label={t.worklist.kinds}
          chosen={kinds}
          options={KINDS.map((value) => ({ value, label: t.kind[value] }))}
          onChange={setKinds}
        />
        <CatalogSelect
          label={t.worklist.customer} all={t.state.all} chosen={customer}
          onChange={(slug) => setParameters({ customer: slug })}
        />
        <CatalogSelect
          label={t.worklist.team} all={t.state.all} chosen={team}
          onChange={(slug) => setParameters({ team: slug })}
        />
      </section>
      <About chosen={[customer, team]}>
        {pages.loading && pages.nodes.length === 0 && <Loading />}
        {!pages.loading && !pages.error && pages.nodes.length === 0 && (
          <Empty>{isFiltered ? t.worklist.emptyFiltered : t.worklist.empty}</Empty>
        )}
        <ol class="work">
          {pages.nodes.map((item, place) => (
            <Item key={item.subject.id} item={item} rank={place + 1} most={Number(pages.nodes[0]?.valuePerHour.amount)} />
          ))}
        </ol>
        <More pages={pages} />
      </About>
    </>
  );
}
