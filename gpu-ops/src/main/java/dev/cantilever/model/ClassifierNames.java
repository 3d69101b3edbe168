package dev.cantilever.model;

import java.util.Optional;

/**
 * Module paths of a classification head.
 *
 * @param hidden the dense layer before the output layer, if there is one
 * @param output the output layer
 */
public record ClassifierNames(Optional<String> hidden, String output) {}
