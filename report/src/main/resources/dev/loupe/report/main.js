// Bring the page to life. Each chart starts on its own, so that one failure leaves the others.

function startCommand(figure) {
  const code = figure.querySelector('code');
  const button = el('button', { class: 'tool', type: 'button' }, 'Copy');
  button.addEventListener('click', () => copyText(code.textContent, button, code));
  figure.append(button);
}

const starters = {
  'figure[data-chart=heatmap]': startHeatmap,
  'figure[data-chart=bars]': startBars,
  'figure[data-chart=line]': startLine,
  'figure[data-chart=scatter]': startScatter,
  'figure[data-chart=grid]': startGrid,
  'figure[data-chart=attention]': startAttention,
  'figure[data-chart=circuit]': startCircuit,
  'table.sortable': startTable,
  'figure.command': startCommand,
};

document.body.append(tip, live);
foldNumbers();
for (const [selector, start] of Object.entries(starters)) {
  for (const node of document.querySelectorAll(selector)) {
    try {
      start(node);
    } catch (error) {
      console.error(error);
    }
  }
}
