package dev.cantilever.model;

/**
 * Module paths of a {@linkplain ConvolutionSpec convolution}.
 *
 * @param convolution its weight and bias
 * @param norm of the stream that it is added to
 */
public record ConvolutionNames(String convolution, String norm) {}
