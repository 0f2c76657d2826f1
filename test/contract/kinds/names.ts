/** Names of columns that people give in other scripts. */
export const UNICODE = ['größe', 'имя', '表の列'];

/** Names of columns that would do harm where somebody forgets to quote them. */
export const HOSTILE = [
  `x"; drop table victim; --`,
  "o'brien",
  'a.b',
  '${env:secret}',
  ':timelabel',
  'select',
];
