package dev.cantilever.nn;

import dev.cantilever.autograd.Var;

/**
 * What an encoder made of its rows, for a decoder to look at.
 *
 * @param pass the encoder's own pass, whose spans say which adapters act on its tokens
 * @param states [S, C]
 */
public record EncodedRows(Pass pass, Var states) {}
