// What the page says of the server: busy, gone, restarted; and whether what is shown is of the present state.

const SLOW = 250;

/** The sentence of the banner, or ''. */
export function bannerOf({ gone, busy, restarted }) {
  if (gone) return 'The server does not answer. Trying again …';
  if (busy) return `busy: trying again in ${busy} s`;
  return restarted ? 'The server was restarted; computed anew' : '';
}

export function mountStatus(main, banner, session) {
  const { now } = session;
  let count = 0;
  let clearing = 0;
  let hidden = true;
  let slow = 0;
  function paint() {
    const text = bannerOf(now);
    if (banner.textContent !== text) banner.textContent = text;
    if (hidden !== !text) { hidden = !text; banner.classList.toggle('shown', !hidden); }
    banner.classList.toggle('problem', Boolean(now.gone));
    const state = now.gone ? 'gone' : now.stale ? 'stale' : now.problem ? 'failed' : now.view ? 'fresh' : 'empty';
    if (main.dataset.state !== state) {
      main.dataset.state = state;
      main.classList.toggle('apart', state === 'failed' || state === 'gone');
      clearTimeout(slow);
      if (state === 'stale') slow = setTimeout(() => { main.classList.add('slow'); main.setAttribute('aria-busy', 'true'); }, SLOW);
      else if (main.classList.contains('slow')) { main.classList.remove('slow'); main.setAttribute('aria-busy', 'false'); }
    }
    if (now.restarted && !now.gone && !now.stale) {
      clearTimeout(clearing);
      clearing = setTimeout(() => { now.restarted = false; paint(); }, 8000);
    }
  }
  session.on('status', paint);
  session.on('stale', paint);
  // Panels have painted by now, for this subscribes last; the number lets a test wait for it.
  session.on('view', () => { paint(); if (now.view && !now.stale) main.dataset.view = ++count; });
  paint();
}
