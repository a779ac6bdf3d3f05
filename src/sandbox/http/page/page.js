// Makes a cell of the grid editable: double click or Enter opens it, Enter or leaving it saves,
// Escape gives up. All text goes through textContent and value, never through HTML.

const grid = document.querySelector('table[data-base]');
const message = document.getElementById('message');

function say(text, failed = false) {
  message.textContent = text;
  message.classList.toggle('failed', failed);
}

function open(cell) {
  if (cell.querySelector('textarea')) return;
  const before = cell.textContent;
  const input = document.createElement('textarea');
  input.value = before;
  input.rows = Math.min(8, before.split('\n').length);
  cell.replaceChildren(input);
  input.focus();

  let done = false;
  const close = async (save) => {
    if (done) return;
    done = true;
    cell.textContent = before;
    if (save && input.value !== before) await write(cell, input.value);
    cell.focus();
  };
  input.addEventListener('blur', () => close(true));
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close(false);
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  });
}

async function write(cell, value) {
  const row = cell.closest('tr');
  const response = await fetch('/_sandbox/cells', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      base: grid.dataset.base,
      table: grid.dataset.table,
      record: row.dataset.record,
      field: cell.dataset.field,
      value: value === '✓' ? 'true' : value,
    }),
  });
  const body = await response.json();
  if (!response.ok) {
    say(`Refusé : ${body.error?.message ?? body.error?.type ?? response.status}`, true);
    return;
  }
  for (const other of row.querySelectorAll('td')) {
    other.textContent = body.cells[other.dataset.field] ?? '';
  }
  say('Enregistré.');
}

grid?.addEventListener('dblclick', (event) => {
  const cell = event.target.closest('td[data-editable]');
  if (cell) open(cell);
});
grid?.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches('td[data-editable]')) {
    event.preventDefault();
    open(event.target);
  }
});
