// The models of the stage: there is memory for either of the first two, never for both.
export const resident = 'stage/resident';
export const wanted = 'stage/wanted';
export const embedding = 'stage/embedding';
