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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** BERT and RoBERTa. */
class BertFamilyTest {

  private static final String SIZES =
      "'hidden_size':768,'num_hidden_layers':12,'num_attention_heads':12,'intermediate_size':3072,"
          + "'vocab_size':30522,'max_position_embeddings':514";

  @TempDir Path folder;

  @Test
  void architecture_ofBert_readsTheFirstTokenThroughItsPooler() throws IOException {
    Architecture bert = read("bert", ",'num_labels':3");

    assertThat(bert.embedding().maxPositions()).isEqualTo(514);
    assertThat(bert.embedding().unusedPositions()).isZero();
    assertThat(bert.embedding().tokenTypes()).isEqualTo(2);
    assertThat(bert.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-12f));
    assertThat(bert.block().mlp().activation()).isEqualTo(Activation.GELU);
    assertThat(bert.block().attention().causal()).isFalse();
    assertThat(bert.block().attention().scale()).isEqualTo(0.125f);
    assertThat(bert.classifier().pooling()).isEqualTo(Pooling.FIRST_TOKEN);
    assertThat(bert.classifier().hidden()).isEqualTo(Optional.of(Activation.TANH));
    assertThat(bert.classifier().labels()).containsExactly("LABEL_0", "LABEL_1", "LABEL_2");
    assertThat(read("bert", ",'type_vocab_size':1,'hidden_act':'relu'").embedding().tokenTypes())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"roberta", "xlm-roberta", "camembert"})
  void architecture_ofRoberta_countsPositionsFromBehindThePaddingId(String modelType)
      throws IOException {
    Architecture roberta = read(modelType, "");
    assertThat(roberta.modelType()).isEqualTo(modelType);
    assertThat(roberta.embedding().unusedPositions()).isEqualTo(2);
    assertThat(roberta.embedding().maxPositions()).isEqualTo(512);

    EmbeddingSpec other = read(modelType, ",'pad_token_id':4").embedding();
    assertThat(other.unusedPositions()).isEqualTo(5);
    assertThat(other.maxPositions()).isEqualTo(509);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'is_decoder':true",
        "'add_cross_attention':true",
        "'pruned_heads':{'0':[1]}",
        "'position_embedding_type':'relative_key'",
        "'hidden_act':'quick_gelu'"
      })
  void architecture_thatIsNotComputed_isRefusedByName(String setting) {
    String key = setting.substring(1, setting.indexOf('\'', 1));
    for (String modelType : new String[] {"bert", "roberta"}) {
      assertThatThrownBy(() -> read(modelType, "," + setting))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("config.json: expected '" + key + "'");
    }
  }

  @Test
  void positions_thatLeaveNone_areRefused() {
    assertThatThrownBy(() -> read("roberta", ",'pad_token_id':null"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'pad_token_id'")
        .hasMessageContaining("found null");
    assertThatThrownBy(() -> read("roberta", ",'pad_token_id':513"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'max_position_embeddings' above 514");
  }

  @Test
  void settings_thatChangeNoLogit_areAccepted() throws IOException {
    Architecture plain = read("bert", "");
    Architecture same =
        read(
            "bert",
            ",'is_decoder':false,'add_cross_attention':false,'pruned_heads':{},"
                + "'position_embedding_type':'absolute','problem_type':'regression',"
                + "'classifier_dropout':0.3,'gradient_checkpointing':true,'use_cache':true");

    assertThat(same).isEqualTo(plain);
  }

  private Architecture read(String modelType, String more) throws IOException {
    String config = "{'model_type':'" + modelType + "'," + SIZES + more + "}";
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
