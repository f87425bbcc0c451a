import { render } from 'preact';
import { applyTheme, preferredTheme } from './preferences';
import { App } from './shell/app';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/views.css';
import './style/plots.css';
import './style/print.css';

applyTheme(preferredTheme());
const place = document.getElementById('board');
if (place) {
  place.replaceChildren();
  render(<App />, place);
}
