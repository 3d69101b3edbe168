package dev.cantilever.model;

import dev.cantilever.hub.ModelDirectory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which tensors of a checkpoint, and which keys of its config, a model was made without. */
final class UnusedTensors {

  private static final Logger LOG = LoggerFactory.getLogger(UnusedTensors.class);

  private static final int SHOWN = 5;

  /** What older versions of transformers saved although it follows from the config. */
  private static final Pattern BUFFERS =
      Pattern.compile(
          "(.*\\.)?((attn|attention|self_attn|self_attention)\\.(bias|masked_bias)"
              + "|inv_freq|position_ids|token_type_ids|embed_positions\\.weights)");

  private final Set<String> used = new HashSet<>();

  /** Says that a tensor is used, by its name in the file. */
  void use(String stored) {
    used.add(stored);
  }

  /** Lists buffers that follow from the config, and keys of it, at debug level, all else above. */
  void report(ModelDirectory directory) {
    LOG.debug("{}: ignored {}", directory.config().file(), directory.config().ignored());
    List<String> buffers = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (String name : directory.names()) {
      if (!used.contains(name)) {
        (BUFFERS.matcher(name).matches() ? buffers : others).add(name);
      }
    }
    if (!buffers.isEmpty()) {
      LOG.debug(
          "{}: {} buffers that the config implies: {}", directory.path(), buffers.size(), buffers);
    }
    if (!others.isEmpty()) {
      LOG.info(
          "{}: {} tensors that this use of the model does not need, such as {}",
          directory.path(),
          others.size(),
          others.stream().limit(SHOWN).toList());
      LOG.debug("{}: {}", directory.path(), others);
    }
  }
}
