package dev.cantilever.host;

import java.io.Serializable;

/**
 * An adapter on disk and the name under which it acts.
 *
 * @param name what spans call it
 * @param source its directory, PEFT layout
 */
public record AdapterRef(String name, ModelRef source) implements Serializable {

  /** Name of the frozen adapter that policy and reference share, where a run has one. */
  public static final String REFERENCE = "reference";

  /** Name of the adapter that PPO trains. */
  public static final String POLICY = "policy";
}
