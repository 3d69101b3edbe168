package dev.cantilever.model;

import dev.cantilever.hub.LinearStorage;

/**
 * A module of a checkpoint as a part of a linear layer.
 *
 * @param path of the module
 * @param width its outputs
 * @param storage how the checkpoint keeps it
 */
record LinearPart(String path, int width, LinearStorage storage) {}
