/** Variable in which the set-up says, by connector, why one cannot be tested in this run. */
export const WHY_NOT = 'REEFLINE_CONTRACT_WHY_NOT';
