// Bring the page to life. Each chart starts on its own, so that one failure leaves the others.

function startCommand(figure) {
  const code = figure.querySelector('code');
  const button = el('button', { class: 'tool', type: 'button' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
  figure.append(button);
}

const starters = {
  'figure[data-chart=heatmap]': startHeatmap,
  'figure[data-chart=bars]': startBars,
  'figure[data-chart=attention]': startAttention,
  'table.sortable': startTable,
  'figure.command': startCommand,
};

document.body.append(tip, live);
for (const [selector, start] of Object.entries(starters)) {
  for (const node of document.querySelectorAll(selector)) {
    try {
      start(node);
    } catch (error) {
      console.error(error);
    }
  }
}
