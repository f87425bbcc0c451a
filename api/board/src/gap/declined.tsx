// What was declined, by reason, and what was offered instead.

import { useQuery } from '../api/hooks';
import type { DeclineReason, Page } from '../api/types';
import { Bar } from '../plot/bars';
import { useText } from '../text';
import { Empty, Failure, Loading } from '../ui/state';
import { DECLINED, DECLINED_DEMANDS, type DeclinedWork } from './query';

export function Declined() {
  const { t } = useText();
  const requests = useQuery<{ serviceRequests: Page<DeclinedWork> }>(DECLINED, {});
  // Who may see all demands need not be who may see all requests.
  const demands = useQuery<{ demands: Page<DeclinedWork> }>(DECLINED_DEMANDS, {});
  const declined = [...(requests.data?.serviceRequests.nodes ?? []), ...(demands.data?.demands.nodes ?? [])];
  const failed = [requests, demands].find(({ error }) => error);
  const isWaiting = [requests, demands].some(({ data, error }) => !data && !error);
  return (
    <section>
      <h2>{t.gap.declined}</h2>
      {declined.length > 0 && <Reasons all={declined} />}
      {failed?.error && <Failure error={failed.error} retry={failed.reload} />}
      {!failed && isWaiting && <Loading />}
      {!failed && !isWaiting && declined.length === 0 && <Empty>{t.gap.declinedEmpty}</Empty>}
    </section>
  );
}

function Reasons({ all }: { all: DeclinedWork[] }) {
  const { t, f } = useText();
  const groups = new Map<DeclineReason, DeclinedWork[]>();
  for (const work of all) {
    if (!work.decline) continue;
    const { reason } = work.decline;
    groups.set(reason, [...(groups.get(reason) ?? []), work]);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const most = sorted[0]?.[1].length ?? 1;
  return (
    <>
      <p class="muted">{t.gap.declinedOf(all.length, f.number)}</p>
      <ul class="rows">
        {sorted.map(([reason, declined]) => (
          <li key={reason} class="row row-stacked">
            <details>
              <summary>
                <span>{t.declineReason[reason]}</span>
                <span class="row-amount"><span class="figure">{f.number(declined.length)}</span><Bar share={declined.length / most} /></span>
              </summary>
              <ul class="explanations">
                {declined.map((work) => <Explanation key={work.id} work={work} />)}
              </ul>
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}

function Explanation({ work }: { work: DeclinedWork }) {
  const { t, f } = useText();
  const { decline } = work;
  return (
    <li>
      <p><strong>{work.title}</strong> <span class="muted">{work.number}</span></p>
      <p>{decline?.explanation}</p>
      {decline?.alternative && <p>{t.gap.instead(decline.alternative.name)}</p>}
      {decline?.revisitOn && <p>{t.gap.revisit(f.date(decline.revisitOn))}</p>}
    </li>
  );
}
