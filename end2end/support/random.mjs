// Chance that can be had again: the same seed, the same numbers.

/** Numbers from 0 to 1, of a linear congruential generator (Numerical Recipes' constants). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
