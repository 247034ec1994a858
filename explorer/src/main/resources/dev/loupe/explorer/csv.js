// Numbers as CSV (RFC 4180) that spreadsheets read.

function field(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** { columns: [name], rows: [[value]] } as text; lines end in CRLF as the RFC has it. */
export function toCsv({ columns, rows }) {
  return [columns, ...rows].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}

/** The same as a list of objects. */
export function toObjects({ columns, rows }) {
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null])));
}
