import type { Pages } from '../api/hooks';
import { useText } from '../text';
import { Failure } from './state';

/** The end of a list that is read page by page: how much is shown, and the next page. */
export function More<T>({ pages }: { pages: Pages<T> }) {
  const { t, f } = useText();
  const { nodes, totalCount, hasMore, loading, error } = pages;
  return (
    <div class="more">
      {error && <Failure error={error} retry={pages.more} />}
      {totalCount !== null && totalCount > 0 && (
        <span class="muted">{t.state.shown(f.number(nodes.length), f.number(totalCount))}</span>
      )}
      {hasMore && !error && (
        // Not disabled while it loads: the focus would be lost.
        <button type="button" aria-busy={loading} onClick={() => loading || pages.more()}>
          {loading ? t.state.loading : t.state.more}
        </button>
      )}
    </div>
  );
}
