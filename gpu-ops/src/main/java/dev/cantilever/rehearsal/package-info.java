/**
 * PPO steps without data: the same models, the same arenas, on queries and perhaps weights drawn
 * from a seed.
 *
 * <p>Enter by {@link dev.cantilever.rehearsal.MemoryPlanner}, which rehearses on the device of
 * shapes and bytes only and so knows what a step will take of a device's memory before anything is
 * loaded, or by {@link dev.cantilever.rehearsal.StepRehearsal}, which does the phases of a step on
 * whatever device for who measures them. {@link dev.cantilever.rehearsal.RunPlanner} plans a whole
 * PPO run, with the classifier and the frozen adapters that share its device, and says how its
 * stages are to take memory ({@link dev.cantilever.rehearsal.RunMemory}). A {@link
 * dev.cantilever.rehearsal.Workload} says what a step consists of, {@link
 * dev.cantilever.rehearsal.PassSettings} how it runs without changing a result; {@link
 * dev.cantilever.rehearsal.StepWork} is what the work costs at least, {@link
 * dev.cantilever.rehearsal.DeviceCeilings} what the device can do at most.
 *
 * <p>Invariants: a plan and the run it is of open the same arenas in the same order, so that peaks
 * agree to the byte. In a rehearsal the policy's state (adapter, value head, moments) stays on the
 * device from phase to phase; a training run keeps it in files between them, and is planned so. A
 * run's arenas are one piece each, sized for the longest rows there can be, so that the lengths of
 * the rows it meets do not show in its memory. Nothing here knows PPO's mathematics: {@link
 * dev.cantilever.rehearsal.StepObjective} brings it.
 *
 * <p>This package may use everything in {@code gpu-ops} but the devices themselves; nothing here
 * uses it.
 */
@NullMarked
package dev.cantilever.rehearsal;

import org.jspecify.annotations.NullMarked;
