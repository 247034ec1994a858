// Tables that sort by a column when its heading is pressed: first the largest numbers, or A to Z.

function startTable(table) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const numeric = heading.classList.contains('number');
    const button = el('button', { type: 'button' }, ...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
      const first = numeric ? 'descending' : 'ascending';
      const other = numeric ? 'ascending' : 'descending';
      const order = heading.getAttribute('aria-sort') === first ? other : first;
      headings.forEach((h) => h.removeAttribute('aria-sort'));
      heading.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const key = (row) => row.cells[column].dataset.value;
      const text = (row) => row.cells[column].textContent;
      const compare = (a, b) => {
        if (!numeric) return sign * text(a).localeCompare(text(b), undefined, { numeric: true });
        if (key(a) === undefined || key(b) === undefined) return (key(a) === undefined) - (key(b) === undefined);
        return sign * (Number(key(a)) - Number(key(b)));
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
