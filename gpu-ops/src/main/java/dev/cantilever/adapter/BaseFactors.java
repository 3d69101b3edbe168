package dev.cantilever.adapter;

import dev.cantilever.hub.LoraInit;

/**
 * What an adapter begins from that takes it off the base, as peft makes it: scale·B·A is PiSSA's
 * part of the base of the largest singular values (Meng et al. 2024), or B·A is the beginning of
 * its QR decomposition (OLoRA, Büyükakyüz 2024).
 */
final class BaseFactors {

  private BaseFactors() {}

  static LowRankFactors of(PrincipalFactors.Matrix base, LoraInit init, int rank, double scale) {
    if (init.scheme() == LoraInit.Scheme.OLORA) {
      return PrincipalFactors.leading(base, rank);
    }
    return PrincipalFactors.of(base, rank, init.iterations()).over(scale);
  }
}
