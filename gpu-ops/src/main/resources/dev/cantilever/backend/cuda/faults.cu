// Faults of runs that follow each other without the host (see Faults.java).
#include "prelude.cuh"

// What was reported first, in this run or one before, stays in `held`, whatever later runs report. One
// thread, behind all of a run.
extern "C" __global__ void hold_fault(const u64* word, u64* held) {
  if (*held == ~0ull) *held = *word;
}
