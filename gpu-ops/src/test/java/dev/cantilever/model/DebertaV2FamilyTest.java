package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebertaV2FamilyTest {

  private static final String SIZES =
      "{'model_type':'deberta-v2','hidden_size':768,'num_hidden_layers':12,"
          + "'num_attention_heads':12,'intermediate_size':3072,'vocab_size':128100,"
          + "'max_position_embeddings':512";

  /** What {@code microsoft/deberta-v3-base} says of positions. */
  private static final String V3 =
      ",'relative_attention':true,'position_buckets':256,'norm_rel_ebd':'layer_norm',"
          + "'share_att_key':true,'pos_att_type':'p2c|c2p','max_relative_positions':-1,"
          + "'position_biased_input':false";

  @TempDir Path folder;

  @Test
  void architecture_ofVersion3_hasRelativePositionsAlone() throws IOException {
    Architecture deberta = read(V3);

    assertThat(deberta.relative())
        .isEqualTo(Optional.of(new RelativeSpec(256, true, 512, true, true, true, true)));
    assertThat(deberta.block().attention().scale()).isEqualTo((float) (1 / Math.sqrt(3 * 64.0)));
    assertThat(deberta.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-7f));
    assertThat(deberta.embedding().learnedPositions()).isFalse();
    assertThat(deberta.embedding().tokenTypes()).isZero();
    assertThat(deberta.embedding().maxPositions()).isEqualTo(EmbeddingSpec.ANY_LENGTH);
    assertThat(deberta.classifier().hidden()).isEqualTo(Optional.of(Activation.GELU));
    assertThat(deberta.classifier().pooling()).isEqualTo(Pooling.FIRST_TOKEN);
  }

  @Test
  void architecture_nothingSaidOfPositions_isBerts() throws IOException {
    Architecture deberta = read(",'embedding_size':128");

    assertThat(deberta.relative()).isEmpty();
    assertThat(deberta.block().attention().scale()).isEqualTo(0.125f);
    assertThat(deberta.embedding().learnedPositions()).isTrue();
    assertThat(deberta.embedding().maxPositions()).isEqualTo(512);
    assertThat(deberta.embedding().size()).isEqualTo(128);
    assertThat(deberta.outputSize()).isEqualTo(768);
  }

  @Test
  void architecture_ofVersion2Xlarge_hasAConvolution() throws IOException {
    assertThat(read(V3).convolution()).isEmpty();
    assertThat(read(V3 + ",'conv_kernel_size':0").convolution()).isEmpty();
    assertThat(read(V3 + ",'conv_kernel_size':3,'conv_act':'gelu'").convolution())
        .isEqualTo(Optional.of(new ConvolutionSpec(3, 1, Activation.GELU)));
    assertThat(read(V3 + ",'conv_kernel_size':5,'conv_groups':4").convolution())
        .isEqualTo(Optional.of(new ConvolutionSpec(5, 4, Activation.TANH)));
  }

  @Test
  void terms_inAList_areThoseOfTheString() throws IOException {
    String list = ",'relative_attention':true,'position_buckets':256,'pos_att_type':['c2p','p2c']";
    String string = list.replace("['c2p','p2c']", "'P2C | c2p'");

    assertThat(read(list)).isEqualTo(read(string));
    assertThat(read(",'relative_attention':true,'pos_att_type':['c2p']").relative())
        .isEqualTo(Optional.of(new RelativeSpec(512, false, 512, true, false, false, false)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'conv_kernel_size':4",
        "'conv_kernel_size':65",
        "'conv_kernel_size':3,'conv_groups':5",
        "'conv_kernel_size':3,'conv_act':'mish'",
        "'pos_att_type':'c2p|p2p'",
        "'norm_rel_ebd':'layer_norm|scale'",
        "'attention_head_size':32",
        "'pooler_hidden_size':512",
        "'pooler_hidden_act':'mish'",
        "'is_decoder':true"
      })
  void architecture_thatIsNotComputed_isRefusedByName(String setting) {
    String last = setting.substring(setting.lastIndexOf(",'") + 1);
    String key = last.substring(1, last.indexOf('\'', 1));
    String rest = V3.replaceAll(",'" + key + "':'[^']*'", "");
    assertThatThrownBy(() -> read(rest + "," + setting))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected '" + key + "'");
  }

  /** The published 256 buckets in a model of shorter texts: every distance has its own. */
  @Test
  void buckets_thatNoRowLeaves_areDistances() throws IOException {
    String narrow = V3.replace("relative_positions':-1", "relative_positions':64");

    assertThat(read(narrow).relative())
        .isEqualTo(Optional.of(new RelativeSpec(256, false, 64, true, true, true, true)));
    assertThat(read(narrow).embedding().maxPositions()).isEqualTo(129);
    assertThat(read(V3.replace("256", "1022")).embedding().maxPositions()).isEqualTo(512);
  }

  @Test
  void buckets_thatRowsOfLearnedPositionsLeave_areRefused() {
    String narrow = V3.replace("relative_positions':-1", "relative_positions':64");
    assertThatThrownBy(() -> read(narrow.replace("biased_input':false", "biased_input':true")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found 64 and 256");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void buckets_withoutALaw_areRefused(int buckets) {
    assertThatThrownBy(() -> read(V3.replace("256", Integer.toString(buckets))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'position_buckets' to be below 1, or even")
        .hasMessageContaining("found 512 and " + buckets);
  }

  private Architecture read(String more) throws IOException {
    Files.writeString(folder.resolve("config.json"), (SIZES + more + "}").replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
