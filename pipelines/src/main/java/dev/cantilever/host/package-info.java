/**
 * Models in memory, shared by all stages of a process, and whose turn it is to compute.
 *
 * <p>Enter by {@link dev.cantilever.host.ModelHost#lease}: a stage names the device it wants
 * ({@link dev.cantilever.host.DeviceSpec}), waits for its turn and is given a {@link
 * dev.cantilever.host.ModelLease}, from which it has the base model or the classifier by {@link
 * dev.cantilever.host.ModelRef} and attaches adapters ({@link
 * dev.cantilever.host.AttachedAdapters}). The first lease loads, later ones find the model there; a
 * device holds one base model and one classifier, and another one takes the place of the former.
 * {@link dev.cantilever.host.LoraSpec} is the recipe's section {@code lora}.
 *
 * <p>Invariant: one lease runs at a time per device, and what is computed under a lease never
 * depends on what earlier leases left: adapters are attached and detached within one. A {@code
 * DoFn} computes under its lease, returns it, and only then emits, because fusion may run the next
 * stage inside {@code output()}; asking for a second lease of the same device on one thread is
 * refused, since it would wait for itself for ever. Nothing depends on {@code @Teardown}.
 *
 * <p>{@code ModelHost}'s table is the one static of the project that holds mutable state, and it
 * holds only what can be loaded again from files. On Flink this room and {@code gpu-ops} belong on
 * the cluster's own class path, so that two jobs in a row find the same table.
 *
 * <p>Used by every stage that computes. Not here: what is computed.
 */
@NullMarked
package dev.cantilever.host;

import org.jspecify.annotations.NullMarked;
