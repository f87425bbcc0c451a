/** A bar as long as a share of the longest; `towards` is the side that it grows to. */
export function Bar({ share, towards = 'right' }: { share: number; towards?: 'left' | 'right' }) {
  const width = Math.max(0.5, Math.min(100, share * 100));
  return (
    <svg class="amount-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" />
      <rect class="fill" x={towards === 'left' ? 100 - width : 0} width={width} height="8" />
    </svg>
  );
}
