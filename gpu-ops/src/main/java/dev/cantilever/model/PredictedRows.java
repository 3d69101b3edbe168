package dev.cantilever.model;

/**
 * Responses as a model predicts them.
 *
 * @param rows what goes through the model
 * @param predicting indices of the tokens of {@code rows} whose hidden states predict a response
 *     token, [M]
 * @param targets the response tokens, [M]
 */
record PredictedRows(ModelRows rows, int[] predicting, int[] targets) {}
